// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { longestWait } from "../interval.js";
import type { StatsRequest } from "../protocol/request.js";
import { StatsServer, type StatsServerOptions } from "../protocol/server.js";
import { EncodedReply } from "../protocol/target.js";
import type { Exchange } from "./recording.js";
import { requestKey } from "./request_key.js";

/** What a {@link StatsReplay} is made of: where to, as for any {@link StatsServer}, and what. */
export interface ReplayOptions extends Omit<StatsServerOptions, "sampler" | "targets" | "answer"> {
  /** In the order of time: see {@link readRecording}. */
  exchanges: readonly Exchange[];
  /** How many times as fast as it was recorded; 1 unless said otherwise. */
  speed?: number | undefined;
  /** Begin anew at the end, which is an interval after the last reply; it ends there otherwise. */
  loop?: boolean | undefined;
  /** In place of time: each connection is told the next reply with each of its requests, and the last one from then on. */
  step?: boolean | undefined;
}

interface Recorded {
  /** ms since the recording's begin. */
  readonly at: number;
  readonly reply: EncodedReply;
}

/**
 * Serves a recording as the server that was recorded would: to each request what it answered to the same one at that time,
 * byte for byte. So tools can be built and tested where no scheduler runs.
 */
export class StatsReplay {
  readonly #tracks = new Map<string, Recorded[]>();
  readonly #speed: number;
  readonly #loop: boolean;
  readonly #step: boolean;
  /** How long one pass takes, in the recording's ms. */
  readonly #length: number;
  #start = 0;
  #server: StatsServer | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Resolves when the recording is over, or the replay is closed. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  private constructor({ exchanges, speed = 1, loop = false, step = false }: ReplayOptions) {
    if (!(speed > 0 && speed < Number.POSITIVE_INFINITY))
      throw usage(`${speed} is no speed.`, "Give a number over 0: 2 is twice as fast as it was recorded.");
    const [first] = exchanges;
    if (!first) throw usage("There is nothing to replay.", "Give exchanges of a recording.");
    for (const { at, request, line } of exchanges) {
      const key = requestKey(request);
      const track = this.#tracks.get(key) ?? [];
      this.#tracks.set(key, track);
      track.push({ at: Number(at - first.at) / 1e6, reply: new EncodedReply(Buffer.from(`${line}\n`)) });
    }
    this.#speed = speed;
    this.#loop = loop;
    this.#step = step;
    this.#length = lengthOf([...this.#tracks.values()]);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Starts to serve. @throws ScxError as {@link StatsServer.listen} does, ERR_SCX_USAGE */
  static async start(options: ReplayOptions): Promise<StatsReplay> {
    const remedy = "Give { path, exchanges }, the latter of readRecording().";
    checkGiven("replay", "What is to be replayed", options, ["path", "exchanges"], remedy);
    const { exchanges: _, speed: __, loop: ___, step: ____, ...server } = options;
    const replay = new StatsReplay(options);
    const answer = replay.#step ? replay.#stepping() : (request: StatsRequest) => replay.#at(request);
    replay.#server = await StatsServer.listen({ ...server, answer });
    replay.#start = performance.now();
    if (!replay.#loop && !replay.#step) replay.#endLater();
    return replay;
  }

  /** The socket that it serves. */
  get path(): string {
    return this.#server?.path ?? "";
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#server?.close();
    this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #endLater(): void {
    const left = this.#length / this.#speed - (performance.now() - this.#start);
    this.#timer = setTimeout(
      () => (left > longestWait ? this.#endLater() : void this.close()),
      Math.min(left, longestWait),
    );
  }

  /** The last reply that had come by now; what was asked later only, as it was then. */
  #at(request: StatsRequest): EncodedReply {
    const passed = (performance.now() - this.#start) * this.#speed;
    const now = this.#loop ? passed % this.#length : passed;
    const track = this.#track(request);
    let [from, to] = [0, track.length - 1];
    while (from < to) {
      const middle = Math.ceil((from + to) / 2);
      if ((track[middle] as Recorded).at <= now) from = middle;
      else to = middle - 1;
    }
    return (track[from] as Recorded).reply;
  }

  #stepping(): NonNullable<StatsServerOptions["answer"]> {
    const places = new WeakMap<object, Map<readonly Recorded[], number>>();
    return (request, session) => {
      const track = this.#track(request);
      const own = places.get(session) ?? new Map<readonly Recorded[], number>();
      places.set(session, own);
      const place = own.get(track) ?? 0;
      own.set(track, this.#loop ? (place + 1) % track.length : Math.min(place + 1, track.length - 1));
      return (track[place] as Recorded).reply;
    };
  }

  /**
   * What was answered to such a request. Target `top` is the default, whether a client says so or not; arguments that
   * nobody gave are taken as schedulers take those that they don't know.
   */
  #track({ req, args }: StatsRequest): readonly Recorded[] {
    const { target = "top", ...more }: Record<string, string> = Object.fromEntries(args);
    const targets: Record<string, string>[] = target === "top" ? [{}, { target }] : [{ target }];
    const spellings = [more, {}].flatMap((others) => targets.map((one) => ({ ...others, ...one })));
    for (const spelling of spellings) {
      const track = this.#tracks.get(requestKey({ req, args: new Map(Object.entries(spelling)) }));
      if (track) return track;
    }
    throw new ScxError("ERR_SCX_WIRE", {
      op: "replay",
      message: "Nobody asked that when this was recorded.",
      remedy: `Ask for one of: ${[...this.#tracks.keys()].slice(0, 10).join(" ")}`,
      errno: 22,
    });
  }
}

/** A recording is replayed for so many of its ms at least, be there one reply only. */
const shortest = 1000;

/** Until the last reply, and for as long as the one before it was good: else nobody would see it. */
function lengthOf(tracks: readonly (readonly Recorded[])[]): number {
  const ends = tracks.map((track) => {
    const [last = 0, before = last] = [track.at(-1)?.at, track.at(-2)?.at];
    return last + (last - before);
  });
  return Math.max(...ends, shortest);
}

const usage = (message: string, remedy: string): ScxError =>
  new ScxError("ERR_SCX_USAGE", { op: "replay", message, remedy });
