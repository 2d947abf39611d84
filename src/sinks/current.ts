// SPDX-License-Identifier: MIT
import { schedulerAway } from "./away_event.js";
import { groupsEnded } from "./ended_event.js";
import type { Point } from "./metric.js";
import { MetricPoints } from "./points.js";
import type { SampleRecord, SinkRecord } from "./sink.js";

/** Where samples come from one after the other. */
interface Stream {
  readonly record: SampleRecord;
  /** Its points, once somebody has asked for them: many a tick is never scraped. */
  points: readonly Point[] | undefined;
  /** When it has nothing to say any more, ms of performance.now(). */
  until: number;
}

/** Intervals after which a source that says nothing is gone, and ms that it has at least. */
const staleIntervals = 3;
const staleMs = 5000;

/**
 * The points of the last sample of each source: what a scrape gets. Labels that aren't in the last sample are gone, and so is a source
 * that has been silent for three of its intervals (at least 5 s), whose group is said to have ended, or whose scheduler to be away. A source
 * whose samples come with other labels of the run (after a reload) is the same one: its series with the former labels are gone at once.
 */
export class CurrentPoints {
  readonly #points = new MetricPoints();
  readonly #streams = new Map<string, Stream>();
  /** The interval of each source's last sample, in ms; also of those that have been silent for too long. */
  readonly #intervals = new Map<string, number>();
  /** Goes up with each change. */
  version = 0;

  /** Takes over what records say; of several samples of a source the last one counts. */
  take(records: readonly SinkRecord[], now = performance.now()): void {
    const last = new Map<string, SampleRecord>();
    for (const record of records) {
      if (record.type === "sample") last.set(keyOf(record), record);
      this.#forget(record, last);
    }
    for (const [key, record] of last) {
      const until = this.#until(key, record, now);
      this.#streams.set(key, { record, points: undefined, until });
    }
    this.version++;
  }

  /**
   * When its source has been silent for too long. What one sample's interval happens to be says less than what is meant; but whose samples come
   * later than that time and again, as a slow server's, is waited for as long.
   */
  #until(key: string, { everyMs, sample }: SampleRecord, now: number): number {
    const lasting = (ms: number) => now + Math.max(staleMs, ms * staleIntervals);
    const ms = Number(sample.interval) / 1e6;
    const lastMs = this.#intervals.get(key) ?? 0;
    this.#intervals.set(key, ms);
    if (everyMs !== undefined) return lasting(Math.max(everyMs, Math.min(ms, lastMs)));
    const before = this.#streams.get(key);
    if (!before) return lasting(ms);
    // A reading out of turn, as at an exit, has a short interval; the next still comes when the one before said. What was said before that, of an
    // outage's length perhaps, is no matter any more.
    return Math.max(lasting(ms), Math.min(before.until, lasting(lastMs)));
  }

  /** Those that end with this record, also of what came with it. */
  #forget(record: SinkRecord, last: Map<string, SampleRecord>): void {
    const groups = groupsEnded(record);
    const away = schedulerAway(record);
    if (groups.length === 0 && away === undefined) return;
    const ends = ({ group, sample }: SampleRecord) =>
      groups.includes(group) || (group === "stats" && sample.scheduler === away);
    for (const [key, one] of last) if (ends(one)) last.delete(key);
    for (const [key, stream] of this.#streams) if (ends(stream.record)) this.#streams.delete(key);
  }

  /** All points there are now. */
  all(now = performance.now()): readonly Point[] {
    for (const [key, { until }] of this.#streams)
      if (until < now) {
        this.#streams.delete(key);
        this.version++;
      }
    let all: readonly Point[] = [];
    for (const stream of this.#streams.values()) {
      stream.points ??= this.#points.of(stream.record);
      all = all.length > 0 ? all.concat(stream.points) : stream.points;
    }
    return all;
  }
}

/** Of the machine and this process there is one reading at a time, whichever scheduler runs: the next one's is in the last one's place. */
const keyOf = ({ group, schema, sample }: SampleRecord): string =>
  JSON.stringify([group, schema.name, group === "stats" ? sample.scheduler : ""]);
