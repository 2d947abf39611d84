// SPDX-License-Identifier: MIT
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
 * that has been silent for three of its intervals (at least 5 s), or whose group is said to have ended. A source whose samples come with other labels of the run (after a reload) is
 * the same one: its series with the former labels are gone at once.
 */
export class CurrentPoints {
  readonly #points = new MetricPoints();
  readonly #streams = new Map<string, Stream>();
  /** Goes up with each change. */
  version = 0;

  /** Takes over what records say; of several samples of a source the last one counts. */
  take(records: readonly SinkRecord[], now = performance.now()): void {
    const last = new Map<string, SampleRecord>();
    for (const record of records) {
      if (record.type === "sample") last.set(keyOf(record), record);
      const ended = groupsEnded(record);
      if (ended.length > 0) for (const streams of [last, this.#streams]) forget(streams, ended);
    }
    for (const [key, record] of last) {
      const lasts = Math.max(staleMs, (Number(record.sample.interval) / 1e6) * staleIntervals);
      // A reading out of turn, as at an exit, has a short interval; the next still comes when the one before said.
      const until = Math.max(now + lasts, this.#streams.get(key)?.until ?? 0);
      this.#streams.set(key, { record, points: undefined, until });
    }
    this.version++;
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

function forget(streams: Map<string, SampleRecord | Stream>, groups: readonly string[]): void {
  for (const [key, stream] of streams)
    if (groups.includes(("record" in stream ? stream.record : stream).group)) streams.delete(key);
}

/** Of the machine and this process there is one reading at a time, whichever scheduler runs: the next one's is in the last one's place. */
const keyOf = ({ group, schema, sample }: SampleRecord): string =>
  JSON.stringify([group, schema.name, group === "stats" ? sample.scheduler : ""]);
