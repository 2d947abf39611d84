// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { checkedInterval } from "../interval.js";
import { Clock } from "../sampler/clock.js";
import { type DecodedValues, decodeValues, type Integers, withIntegers } from "../stats/decode.js";
import type { StatsDefinition } from "../stats/define.js";
import type { StatsSchema } from "../stats/schema.js";
import { wallClock } from "../wall_clock.js";
import { StatsClient } from "./client.js";
import { isLost } from "./client_error.js";
import type { StatsClientOptions, StatsOptions, ValuesIn } from "./client_options.js";
import { Describer } from "./describer.js";
import { defaultSocketPath } from "./path.js";
import { parseReply, type ReplyValue } from "./reply.js";
import { Warnings } from "./warnings.js";

const log = logger("protocol");

/** What {@link followStats} may be given. */
export interface FollowOptions<F = unknown, I extends Integers = "bigint"> extends StatsClientOptions, StatsOptions<I> {
  /** The socket; upstream's usual place unless given. */
  path?: string | undefined;
  /** ms between readings. They come at start + n * interval, however long each takes. */
  intervalMs: number;
  /** What the values are; the server's own metadata unless given. */
  of?: StatsDefinition<F> | undefined;
  /** End with the error when the server isn't there or goes away; it is waited for otherwise. */
  retry?: false | undefined;
  /** Called each time that it doesn't answer and is waited for. */
  away?: (() => void) | undefined;
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
}

/** One answer of a server. */
export interface StatsReading<V = DecodedValues | ReplyValue> {
  /** When it came, in ns since 1970. */
  at: bigint;
  /** Goes up by one with each connection: what has a baseline for each connection begins anew. */
  connection: number;
  /** The process that answered, {@link StatsClient.server}: another text where it was started again. */
  server: string | undefined;
  /**
   * Checked and typed by `schema`; where there is none, as it came. What isn't as the server's metadata say is left out, and said once: a field is
   * absent, a dictionary's value undefined. What isn't as a definition given says is refused.
   */
  values: V;
  /** The definition given, or what the server's metadata say; undefined when they don't describe this reply. */
  schema: StatsSchema | undefined;
  /** The reply line, byte for byte. */
  line: string;
}

/** ms until a server that has gone is looked for again: doubles up to upstream's monitors' second. */
const firstDelay = 100;
const longestDelay = 1000;

/**
 * Asks a server every interval, as upstream's monitors do: one that isn't there (yet, or any more) is waited for, which is
 * said once (module `protocol`, level `warn`). Ends with its signal, or when the caller leaves the loop.
 *
 *     for await (const { values } of followStats({ intervalMs: 1000, of: balance })) console.log(values.moved);
 *
 * @throws ScxError, when iterated, for what waiting doesn't mend: ERR_SCX_PRIVILEGE, ERR_SCX_SOCKET_PATH; ERR_SCX_WIRE with
 * errno 22 (no such target) from a server that has not answered before, or for a reply that isn't what `of` says;
 * ERR_SCX_VALUE
 */
export function followStats<F = unknown, I extends Integers = "bigint">(
  options: FollowOptions<F, I>,
): AsyncGenerator<StatsReading<unknown extends F ? DecodedValues | ReplyValue : ValuesIn<F, I>>, void, void> {
  checkGiven(
    "follow",
    "What is to be followed",
    options,
    [],
    "Give { path, intervalMs }; without a path it is upstream's.",
  );
  checkedInterval("follow", options.intervalMs);
  const left = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
  const readings = new Follower(options as FollowOptions, signal).readings();
  // A generator's return() waits for the next() under way; this one must not wait for a tick or a server.
  const end = readings.return.bind(readings);
  readings.return = (value) => {
    left.abort();
    return end(value);
  };
  return readings as ReturnType<typeof followStats<F, I>>;
}

class Follower {
  readonly #options: FollowOptions;
  readonly #path: string;
  readonly #signal: AbortSignal;
  #client: StatsClient | undefined;
  #connections = 0;
  /** Whether any server has ever answered. */
  #answered = false;
  readonly #describer: Describer;
  /** Why it doesn't answer, as far as that was said. */
  readonly #warnings = new Warnings();

  constructor(options: FollowOptions, signal: AbortSignal) {
    this.#options = options;
    this.#path = options.path ?? defaultSocketPath;
    this.#signal = signal;
    this.#describer = new Describer(options, signal);
  }

  async *readings(): AsyncGenerator<StatsReading, void, void> {
    let due = true;
    let wake = () => {};
    const clock = new Clock(this.#options.intervalMs, () => {
      due = true;
      wake();
    });
    this.#signal.addEventListener("abort", () => wake(), { once: true });
    try {
      while (!this.#signal.aborted) {
        const reading = await this.#untilRead();
        if (reading === undefined) return;
        clock.start();
        due = false;
        yield reading;
        while (!due && !this.#signal.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      clock.stop();
      await this.#client?.close();
    }
  }

  /** The next reading, however long it takes; undefined when nobody wants it any more. */
  async #untilRead(): Promise<StatsReading | undefined> {
    for (let delay = firstDelay; ; delay = Math.min(2 * delay, longestDelay)) {
      try {
        return await this.#read();
      } catch (error) {
        await this.#client?.close();
        this.#client = undefined;
        if (this.#signal.aborted) return undefined;
        if (this.#options.retry === false || !this.#mends(error)) throw error;
        this.#warnings.warn(`${causeOf(error)} It is waited for.`);
        this.#options.away?.();
        await sleep(delay, undefined, { signal: this.#signal }).catch(() => {});
      }
    }
  }

  async #read(): Promise<StatsReading> {
    const { of, integers, target, args } = this.#options;
    this.#client ??= await this.#connect();
    const line = await this.#client.statsLine({ target, args, signal: this.#signal });
    const reply = parseReply(line);
    const at = wallClock();
    const checked = of
      ? { values: decodeValues(of, reply, { integers }), schema: of }
      : ((await this.#describer.describe(this.#client, reply)) ?? {
          values: withIntegers(reply, integers) as ReplyValue,
          schema: undefined,
        });
    if (this.#warnings.clear() && this.#answered) log.info(`${this.#path} answers again`);
    this.#answered = true;
    const { server } = this.#client;
    return { at, connection: this.#connections, server, ...checked, line };
  }

  async #connect(): Promise<StatsClient> {
    const { timeoutMs, maxLine } = this.#options;
    const client = await StatsClient.connect(this.#path, { timeoutMs, maxLine, signal: this.#signal });
    if (this.#connections++ > 0) log.debug(`connected to ${this.#path} again`);
    try {
      if (!this.#options.of) await this.#describer.meet(client);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  /** Whether an error may be gone the next time. */
  #mends(error: unknown): boolean {
    if (!(error instanceof ScxError)) return false;
    switch (error.code) {
      case "ERR_SCX_CONNECT":
        return error.errno !== undefined && comesAndGoes.has(error.errno);
      case "ERR_SCX_TIMEOUT":
      case "ERR_SCX_CLOSED":
        return true;
      case "ERR_SCX_WIRE":
        // Another description won't come by waiting; what it refuses now, it may have answered before.
        return error.op !== "read" && (this.#answered || isLost(error) || (error.errno ?? EINVAL) !== EINVAL);
      default:
        return false;
    }
  }
}

/** ENOENT, EAGAIN (too many wait to be accepted), ECONNREFUSED. */
const comesAndGoes = new Set([2, 11, 111]);
const EINVAL = 22;
