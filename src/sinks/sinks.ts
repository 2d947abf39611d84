// SPDX-License-Identifier: MIT
import { checkGiven } from "../given.js";
import { OwnReader } from "./own.js";
import type { SinkQueue } from "./queue.js";
import type { SinkRecord } from "./sink.js";

/** Sinks that get the same records. */
export class Sinks {
  readonly queues: readonly SinkQueue[];
  readonly #labels: Readonly<Record<string, string>>;
  /** Whether any of them wants to know of itself. */
  readonly #areReported: boolean;
  /** What {@link report} gives; exits are told to it. */
  readonly own = new OwnReader();

  private constructor(queues: readonly SinkQueue[], labels: Readonly<Record<string, string>>) {
    this.queues = queues;
    this.#labels = labels;
    this.#areReported = queues.some((queue) => queue.takes("self"));
  }

  /**
   * Opens them side by side. When one fails all are closed again.
   * @param labels of the records about the sinks themselves
   * @throws what the first failing sink's `open` does
   */
  static async open(
    queues: readonly SinkQueue[],
    { labels = {}, signal }: { labels?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
  ): Promise<Sinks> {
    checkGiven("sink", "The list of sinks", queues, ["map"], 'Give a list: Sinks.open([new SinkQueue("mine", mine)]).');
    const sinks = new Sinks(queues, labels);
    const opened = await Promise.allSettled(queues.map((queue) => queue.open(signal)));
    const failed = opened.find((result) => result.status === "rejected");
    if (failed === undefined) return sinks;
    await sinks.close({ deadlineMs: 0 });
    throw failed.reason;
  }

  /** Gives all of them a record; neither waits nor throws. */
  push(record: SinkRecord): void {
    for (const queue of this.queues) queue.push(record);
  }

  /**
   * Gives those that keep metrics what the sinks and exits have come to so far: a sample of group `self`. Once an interval will do.
   * @param up whether statistics of a scheduler come
   * @param everyMs how often it is called
   */
  report(up?: boolean, everyMs?: number): void {
    if (!this.#areReported) return;
    this.push(this.own.read(this.queues, up, { labels: this.#labels, everyMs }));
  }

  /** Writes what waits and closes all of them, within the deadline. Idempotent, never throws. */
  async close(options?: { deadlineMs?: number }): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close(options)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
