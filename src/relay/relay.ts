// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { checkedInterval } from "../interval.js";
import type { StatsRequest } from "../protocol/request.js";
import { StatsServer, type StatsServerOptions } from "../protocol/server.js";
import { EncodedReply } from "../protocol/target.js";
import { Clock } from "../sampler/clock.js";
import { wallClock } from "../wall_clock.js";
import type { Exchange } from "./recording.js";
import { requestKey } from "./request_key.js";
import { Upstream } from "./upstream.js";

/** What a {@link StatsRelay} is made of: where to, as for any {@link StatsServer}, and where from. */
export interface RelayOptions extends Omit<StatsServerOptions, "sampler" | "targets" | "answer"> {
  /** The socket of the server that is asked. */
  upstream: string;
  /** How long one of its replies is everybody's, in ms; 1000 unless said otherwise. */
  intervalMs?: number | undefined;
  /** How long it may take for each answer, in ms; 5000 unless said otherwise. */
  timeoutMs?: number | undefined;
  /**
   * Called with everything that it answers. Then its metadata, and its default target each interval, are asked for even where
   * no client does. What this throws ends the relay.
   */
  record?: ((exchange: Exchange) => void) | undefined;
}

interface Kept {
  reply: EncodedReply | Promise<EncodedReply>;
  /** By performance.now(); Infinity until it has come. */
  until: number;
}

/**
 * Of an interval this much: clients that ask once an interval come a little early or late, and are to find the next reply
 * all the same.
 */
const kept = 0.9;

/** Different requests whose replies are kept; others are passed on. */
const mostKept = 256;

/**
 * Serves any number of clients from one session with a server, on a socket of its own. Everybody who asks the same within
 * an interval gets the same reply, byte for byte as the server sent it; requests that nobody has are passed on, whatever
 * they are.
 *
 * So the server sees one client that asks each thing once an interval at most, and what has a baseline for each connection
 * (most schedulers' statistics are what happened since this client last asked) is of the relay's: ask it once an interval.
 * Who asks less often misses what others were told meanwhile; who asks more often is told the same again.
 *
 * While the server is away clients get errno 107 (ENOTCONN) and why; it is looked for with each request.
 */
export class StatsRelay {
  readonly #upstream: Upstream;
  readonly #intervalMs: number;
  readonly #record: RelayOptions["record"];
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #server: StatsServer | undefined;
  #fail: (error: unknown) => void = () => {};
  /** Rejects when what was answered can't be recorded; nothing is relayed any more then. Resolves when the relay is closed. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  private constructor({ upstream, timeoutMs, intervalMs = 1000, record }: RelayOptions) {
    this.#upstream = new Upstream(upstream, timeoutMs);
    this.#intervalMs = checkedInterval("relay", intervalMs);
    this.#record = record;
    this.#clock = new Clock(intervalMs, () => this.#askForItself("stats"));
    this.ended = new Promise((done, reject) => {
      this.#end = done;
      this.#fail = reject;
    });
    this.ended.catch(() => {}); // whether anybody waits for it is the caller's
  }

  /**
   * Starts to serve, whether the server that is asked is there or not.
   *
   * @throws ScxError as {@link StatsServer.listen} does, ERR_SCX_USAGE for an interval that is none
   */
  static async start(options: RelayOptions): Promise<StatsRelay> {
    const remedy = "Give { upstream, path }: the socket that is asked, and the one of the relay.";
    checkGiven("relay", "What is to be relayed", options, ["upstream", "path"], remedy);
    const { upstream, intervalMs: _, timeoutMs: __, record, ...server } = options;
    if (resolve(upstream) === resolve(options.path))
      throw new ScxError("ERR_SCX_USAGE", {
        op: "relay",
        message: `A relay can't ask itself: it would serve at ${options.path}, where it asks.`,
        remedy: "Give it a socket of its own.",
      });
    const relay = new StatsRelay(options);
    relay.#server = await StatsServer.listen({ ...server, answer: (request) => relay.#answer(request) });
    if (record) {
      relay.#askForItself("stats_meta");
      relay.#askForItself("stats");
      relay.#clock.start();
    }
    return relay;
  }

  /** The socket that it serves. */
  get path(): string {
    return this.#server?.path ?? "";
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#server?.connections ?? 0;
  }

  async close(): Promise<void> {
    this.#clock.stop();
    await this.#upstream.close();
    await this.#server?.close();
    this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #answer(request: StatsRequest): EncodedReply | Promise<EncodedReply> {
    const key = requestKey(request);
    const now = performance.now();
    const known = this.#kept.get(key);
    if (known && now < known.until) return known.reply;
    const asked = this.#ask(request);
    const mine: Kept = { reply: asked, until: Number.POSITIVE_INFINITY };
    if (this.#makeRoom(now)) this.#kept.set(key, mine);
    asked.then(
      (reply) => {
        mine.reply = reply;
        mine.until = now + kept * this.#intervalMs;
      },
      () => {
        // What went wrong isn't kept.
        if (this.#kept.get(key) === mine) this.#kept.delete(key);
      },
    );
    return asked;
  }

  async #ask(request: StatsRequest): Promise<EncodedReply> {
    const line = await this.#upstream.ask(request);
    try {
      this.#record?.({ at: wallClock(), request, line });
    } catch (error) {
      this.#fail(error);
      await this.close();
    }
    return new EncodedReply(Buffer.from(`${line}\n`));
  }

  #askForItself(req: string): void {
    const asked = this.#answer({ req, args: new Map() });
    if (asked instanceof Promise) asked.catch(() => {}); // it is away, which was said
  }

  /** Forgets what is too old, as replies may be large. Whether another one can be kept. */
  #makeRoom(now: number): boolean {
    for (const [key, { until }] of this.#kept) if (until <= now) this.#kept.delete(key);
    return this.#kept.size < mostKept;
  }
}
