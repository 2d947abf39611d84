// SPDX-License-Identifier: MIT
import { mergedSample } from "../stats/merge.js";
import { PackedSample } from "../stats/packed.js";
import { sameLabels } from "./same_labels.js";
import type { SampleRecord, SinkRecord } from "./sink.js";

/** A record that waits; without its values, where those are packed. */
interface Waiting {
  readonly record: SinkRecord;
  readonly packed?: PackedSample | undefined;
}

/** What samples are when packed: several sinks may keep the same one. */
const packedSamples = new WeakMap<SampleRecord, Waiting>();

/** Records that wait, in their order, and no more than a limit of them. */
export class Backlog {
  readonly #limit: number;
  #records: Waiting[] = [];
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
   * @param pack whether it is to wait for longer
   * @returns whether one went
   */
  push(record: SinkRecord, pack: boolean): boolean {
    this.#records.push(pack && record.type === "sample" ? packedRecord(record) : { record });
    if (this.length <= this.#limit) return false;
    const oldest = this.#next();
    this.#advance();
    if (oldest.record.type === "sample") this.#passOn(oldest);
    return true;
  }

  /** Takes the oldest ones out, with no more than so many values unless one has more. */
  take(most: number, mostValues: number): SinkRecord[] {
    const taken: SinkRecord[] = [];
    for (let values = 0; taken.length < most && this.length > 0; this.#advance()) {
      const next = this.#next();
      values += sizeOf(next);
      if (values > mostValues && taken.length > 0) break;
      taken.push(whole(next));
    }
    return taken;
  }

  /** Takes all out and forgets them. Returns how many there were. */
  clear(): number {
    const { length } = this;
    [this.#records, this.#head] = [[], 0];
    return length;
  }

  #next(): Waiting {
    return this.#records[this.#head] as Waiting;
  }

  #advance(): void {
    this.#head++;
    // Now and then only, so that taking is not a copy of all that waits.
    if (this.#head < 1024 && this.length > 0) return;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }

  /** To the next of the same labels; where only others follow, as after a reload with another one, to the first of those. */
  #passOn(oldest: Waiting): void {
    let heir = -1;
    for (let i = this.#head; i < this.#records.length; i++) {
      const { record } = this.#records[i] as Waiting;
      if (!isNext(oldest.record, record)) continue;
      const same = sameLabels(oldest.record.labels, record.labels);
      if (same || heir < 0) heir = i;
      if (same) break;
    }
    if (heir >= 0) this.#records[heir] = merged(oldest, this.#records[heir] as Waiting);
  }
}

function packedRecord(record: SampleRecord): Waiting {
  const known = packedSamples.get(record);
  if (known) return known;
  const packed = PackedSample.of(record.schema, record.sample);
  const waiting = { record: packed ? { ...record, sample: packed.about } : record, packed };
  packedSamples.set(record, waiting);
  return waiting;
}

function merged(oldest: Waiting, next: Waiting): Waiting {
  const packed = next.packed && oldest.packed?.mergedWith(next.packed);
  if (packed) return { record: next.record, packed };
  const [earlier, later] = [whole(oldest), whole(next)] as [SampleRecord, SampleRecord];
  const record = { ...later, sample: mergedSample(earlier.sample, later.sample) };
  return next.packed ? packedRecord(record) : { record };
}

/** How many values there are in it, about. */
const sizeOf = ({ record, packed }: Waiting): number =>
  packed?.size ?? (record.type === "sample" ? record.schema.stats.length : 1);

const whole = ({ record, packed }: Waiting): SinkRecord =>
  packed && record.type === "sample" ? { ...record, sample: packed.unpacked() } : record;

/** Whether a sample is of the same statistics as an earlier one, under whichever labels of the run. */
const isNext = (earlier: SinkRecord, later: SinkRecord): later is SampleRecord =>
  earlier.type === "sample" &&
  later.type === "sample" &&
  later.group === earlier.group &&
  later.schema === earlier.schema &&
  later.sample.scheduler === earlier.sample.scheduler;
