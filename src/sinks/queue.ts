// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { logger } from "../diagnostics.js";
import { aborted, causeOf, ScxError, throwIfAborted } from "../error.js";
import { checkGiven } from "../given.js";
import { Backlog } from "./backlog.js";
import { type QueueOptions, queueDefaults } from "./queue_options.js";
import { type Sink, SinkAbandoned, type SinkRecord, SinkRefusal } from "./sink.js";

const log = logger("sink");

/** What a queue has counted since it was made, in records; all but `queued` and `failing` only grow. */
export interface SinkCounts {
  /** Taken by the sink. */
  readonly written: number;
  /** Never taken: the queue was full, the sink refused them, or the end came first. */
  readonly dropped: number;
  /** Writes that failed or took too long, each retry counted. */
  readonly failures: number;
  /** Waiting or under way now. */
  readonly queued: number;
  /** What the last write failed with, until one succeeds. */
  readonly failing: string | undefined;
}

type Settings = Required<Omit<QueueOptions, "groups">> & Pick<QueueOptions, "groups"> & { metrics: boolean };

/** ms that a sink has to settle when all time is up already. */
const graceMs = 500;

/** Values in one write at most, unless one sample has more: what sinks make of those takes a few ms of the thread that samples. */
const batchValues = 4096;

/**
 * A sink, and the bounded queue before it. {@link push} never waits and never throws, so a slow or dead sink delays neither
 * sampling nor another sink; records are written in order, a batch at a time, and tried again until they are taken.
 */
export class SinkQueue {
  /** What it is called in messages and metrics. */
  name: string;
  readonly #sink: Sink;
  readonly #options: Settings;
  readonly #waiting: Backlog;
  #underWay = 0;
  #opened = false;
  #running = false;
  #idle: () => void = () => {};
  /** Fires when it is to be closed: pauses end, the last tries begin. */
  readonly #closing = new AbortController();
  /** Fires when the time is up: all that is under way ends. */
  readonly #end = new AbortController();
  #closed: Promise<void> | undefined;
  /** Whether what was under way at the end has been given up, and counted: what becomes of it is no matter any more. */
  #over = false;
  #written = 0;
  #dropped = 0;
  /** Those of them that nobody misses. */
  #unwanted = 0;
  #failures = 0;
  #failing: string | undefined;
  /** The failure of the last write that took too long, which is counted already. */
  #late: Error | undefined;
  /** For the next write's time, where the last one took none. */
  #limit: AbortController | undefined;

  /** @param options `metrics`: whether it keeps metrics, see {@link SinkFactory} */
  /** @throws ScxError ERR_SCX_USAGE for what is no sink */
  constructor(name: string, sink: Sink, options: QueueOptions & { metrics?: boolean } = {}) {
    checkGiven("sink", `Sink ${name}`, sink, ["write"], "Give an object with a method write(records, signal).");
    this.name = name;
    this.#sink = sink;
    this.#options = { ...queueDefaults, metrics: false, ...options };
    this.#waiting = new Backlog(this.#options.queue);
  }

  /** What happened so far. */
  get counts(): SinkCounts {
    return {
      written: this.#written,
      dropped: this.#dropped,
      failures: this.#failures,
      queued: this.#waiting.length + this.#underWay,
      failing: this.#failing,
    };
  }

  /**
   * Opens the sink, in the time that one write may take; until then what is pushed waits. When it fails the sink is closed again.
   * @throws ScxError what the sink's `open` does; ERR_SCX_SINK_OPEN in place of any other error, and when it takes too long;
   * ERR_SCX_ABORTED when the signal fires
   */
  async open(signal: AbortSignal = this.#end.signal): Promise<void> {
    try {
      await this.#openInTime(signal);
    } catch (cause) {
      const error = signal.aborted ? aborted("open", `Sink ${this.name}`, signal) : cause;
      await this.close({ deadlineMs: 0 });
      throw error instanceof ScxError ? error : this.#unopened(error);
    }
    this.#opened = true;
    this.#start();
  }

  /** A sink may never answer, and heed no signal. */
  async #openInTime(signal: AbortSignal): Promise<void> {
    throwIfAborted(signal, "open", `Sink ${this.name}`);
    const { timeoutMs } = this.#options;
    const [late, over] = [new AbortController(), new AbortController()];
    const opening = (async () => this.#sink.open?.(AbortSignal.any([signal, late.signal])))();
    try {
      const limit = sleep(timeoutMs, false, { signal: AbortSignal.any([signal, over.signal]) });
      if (await Promise.race([opening.then(() => true), limit])) return;
      late.abort(new Error(`it took more than ${timeoutMs} ms`));
      throw late.signal.reason;
    } catch (error) {
      void opening.then(() => this.#step("close", graceMs)).catch(() => {}); // if it comes after all
      throw error;
    } finally {
      over.abort();
    }
  }

  /** Whether samples of a group are for this sink; events are for all. */
  takes(group: string): boolean {
    const { groups, metrics } = this.#options;
    return groups ? groups.includes(group) : metrics || group !== "self";
  }

  /** Takes a record over, to be written soon. After {@link close} it is dropped. */
  push(record: SinkRecord): void {
    if (record.type === "sample" && !this.takes(record.group)) return;
    if (this.#closing.signal.aborted) this.#drop(1, "it was closed");
    else if (this.#waiting.push(record, !this.#opened || this.#underWay > 0)) this.#drop(1, "its queue was full");
    this.#start();
  }

  /**
   * Writes what waits, flushes and closes the sink, within the deadline: what is not taken by then is dropped and counted.
   * Idempotent, never throws.
   */
  close({ deadlineMs = 5000 }: { deadlineMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(deadlineMs);
    return this.#closed;
  }

  #unopened(cause: unknown): ScxError {
    return new ScxError("ERR_SCX_SINK_OPEN", {
      op: "open",
      message: `Sink ${this.name} can't be opened: ${causeOf(cause).replace(/\.$/, "")}.`,
      remedy: "Check its options and what it needs.",
      cause,
    });
  }

  #start(): void {
    if (this.#running || !this.#opened || this.#waiting.length === 0) return;
    this.#running = true;
    // First whoever pushed gets on with its work.
    setImmediate(this.#run);
  }

  readonly #run = (): void => {
    if (this.#waiting.length === 0 || this.#end.signal.aborted) {
      this.#running = false;
      this.#idle();
      return;
    }
    const batch = this.#waiting.take(this.#options.batch, batchValues);
    this.#underWay = batch.length;
    void this.#deliver(batch).then(() => {
      this.#underWay = 0;
      // A sink that is always ready must not keep others from their turn.
      if (this.#waiting.length > 0) setImmediate(this.#run);
      else this.#run();
    });
  };

  async #deliver(batch: readonly SinkRecord[]): Promise<void> {
    const { retryMs, retryMaxMs, retries } = this.#options;
    for (let tries = 1, pause = retryMs; ; tries++, pause = Math.min(pause * 2, retryMaxMs)) {
      try {
        await this.#write(batch);
        return this.#over ? undefined : this.#succeeded(batch.length);
      } catch (error) {
        if (this.#over) return;
        if (error instanceof SinkRefusal) return this.#refused(batch.length, error);
        if (error !== this.#late) this.#failed(causeOf(error));
      }
      if (tries > retries) return this.#drop(batch.length, `${tries} tries failed`);
      await this.#pause(pause);
      if (this.#end.signal.aborted) return this.#drop(batch.length, "the end came first");
    }
  }

  async #write(batch: readonly SinkRecord[]): Promise<void> {
    const { timeoutMs } = this.#options;
    const limit = this.#limit ?? new AbortController();
    this.#limit = undefined;
    const result = this.#sink.write(batch, limit.signal);
    if (result === undefined) {
      this.#limit = limit; // nothing is under way that it could end
      return;
    }
    const timer = setTimeout(() => {
      this.#late = new Error(`no success within ${timeoutMs} ms`);
      this.#failed(this.#late.message); // now: it may never settle
      limit.abort(this.#late);
    }, timeoutMs);
    const end = () => limit.abort(new Error("the end came first"));
    this.#end.signal.addEventListener("abort", end);
    try {
      // Also after its time: given to a second call while the first one has them, records could change their order.
      await result;
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : error;
    } finally {
      clearTimeout(timer);
      this.#end.signal.removeEventListener("abort", end);
    }
  }

  /** With jitter, so that many hosts don't come back at once. A close ends it, and keeps those that follow short. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing;
    const length = ms * (0.5 + Math.random() / 2);
    if (!signal.aborted) await sleep(length, undefined, { signal }).catch(() => {});
    else await sleep(Math.min(length, 250), undefined, { signal: this.#end.signal }).catch(() => {});
  }

  #succeeded(records: number): void {
    this.#written += records;
    if (this.#failing !== undefined) log.warn(`sink ${this.name} takes records again`);
    this.#failing = undefined;
  }

  #refused(records: number, refusal: SinkRefusal): void {
    const lost = refusal.records ?? records;
    if (lost < records) this.#succeeded(records - lost);
    this.#drop(lost, `it refused them: ${causeOf(refusal)}`, refusal instanceof SinkAbandoned);
  }

  #failed(cause: string): void {
    this.#failures++;
    if (this.#failing === undefined) log.warn(`sink ${this.name} fails, and is tried again: ${cause}`);
    else log.debug(`sink ${this.name} still fails: ${cause}`);
    this.#failing = cause;
  }

  /** @param unwanted whether nobody misses them */
  #drop(records: number, why: string, unwanted = false): void {
    const said = unwanted || this.#dropped > this.#unwanted;
    log[said ? "debug" : "warn"](`sink ${this.name} lost ${records} of its records: ${why}`);
    this.#dropped += records;
    if (unwanted) this.#unwanted += records;
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#closing.abort();
    const deadline = performance.now() + deadlineMs;
    const left = () => Math.max(0, deadline - performance.now());
    if (this.#running) await within(left(), this.#finished());
    if (this.#opened && !this.#running) await this.#step("flush", left());
    this.#end.abort();
    if (this.#running) await within(graceMs, this.#finished());
    this.#over = true;
    const lost = this.#underWay + this.#waiting.clear();
    this.#underWay = 0;
    if (lost > 0) this.#drop(lost, "the end came first");
    const missed = this.#dropped - this.#unwanted;
    if (missed > 0) log.warn(`sink ${this.name} lost ${missed} records in all`);
    await this.#step("close", Math.max(graceMs, left()));
  }

  /** Resolves when what is under way has come to its end. */
  #finished(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  async #step(step: "flush" | "close", ms: number): Promise<void> {
    try {
      const finished = await within(ms, (async () => this.#sink[step]?.(this.#end.signal))());
      if (!finished) log.warn(`sink ${this.name} didn't ${step} in time`);
    } catch (error) {
      log.warn(`sink ${this.name} failed to ${step}: ${causeOf(error)}`);
    }
  }
}

/** Waits for it, but no longer than that. Resolves with whether it came. */
async function within(ms: number, what: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([what.then(() => true), sleep(ms, false, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
