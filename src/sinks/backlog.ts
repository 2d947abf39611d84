// SPDX-License-Identifier: MIT
import { mergedSample } from "../stats/merge.js";
import type { SampleRecord, SinkRecord } from "./sink.js";

/** Records that wait, in their order, and no more than a limit of them. */
export class Backlog {
  readonly #limit: number;
  #records: SinkRecord[] = [];
  /** Those before it are gone already. */
  #head = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#records.length - this.#head;
  }

  /**
   * Adds a record. Over the limit the oldest goes, and a sample's deltas are added to the next one of its kind: what is lost is
   * a reading, not what was counted.
   * @returns whether one went
   */
  push(record: SinkRecord): boolean {
    this.#records.push(record);
    if (this.length <= this.#limit) return false;
    const [oldest] = this.take(1) as [SinkRecord];
    if (oldest.type === "sample") this.#passOn(oldest);
    return true;
  }

  /** Takes the oldest ones out. */
  take(most: number): SinkRecord[] {
    const taken = this.#records.slice(this.#head, this.#head + most);
    this.#head += taken.length;
    // Now and then only, so that taking is not a copy of all that waits.
    if (this.#head >= 1024 || this.length === 0) {
      this.#records = this.#records.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  #passOn(oldest: SampleRecord): void {
    for (let i = this.#head; i < this.#records.length; i++) {
      const next = this.#records[i] as SinkRecord;
      if (!isNext(oldest, next)) continue;
      this.#records[i] = { ...next, sample: mergedSample(oldest.sample, next.sample) };
      return;
    }
  }
}

/** Whether a sample is of the same statistics as an earlier one. */
const isNext = (earlier: SampleRecord, later: SinkRecord): later is SampleRecord =>
  later.type === "sample" &&
  later.group === earlier.group &&
  later.schema === earlier.schema &&
  later.labels === earlier.labels &&
  later.sample.scheduler === earlier.sample.scheduler;
