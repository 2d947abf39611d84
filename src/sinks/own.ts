// SPDX-License-Identifier: MIT
import type { CounterValue, Sample, StatsSchema, StatValue } from "../stats/schema.js";
import { wallClock } from "../wall_clock.js";
import type { SinkQueue } from "./queue.js";
import type { SampleRecord } from "./sink.js";

const sinkSchema: StatsSchema = {
  name: "sink",
  user: { _om_prefix: "sink_", _om_label: "sink" },
  stats: [
    { name: "written", kind: "counter", unit: "records", desc: "records that the sink took" },
    { name: "dropped", kind: "counter", unit: "records", desc: "records that it never took" },
    { name: "failures", kind: "counter", desc: "writes that failed or took too long" },
    { name: "queued", kind: "gauge", type: "u64", unit: "records", desc: "records that wait for it" },
  ],
};

/** What sinks count of themselves: `scx_sink_dropped_records_total{sink="kafka"}`. */
const sinksSchema: StatsSchema = {
  name: "sinks",
  desc: "scxkit's own sinks",
  stats: [{ name: "sinks", kind: "gauge", type: { dict: { struct: sinkSchema }, key: "string" } }],
};

const counters = ["written", "dropped", "failures"] as const;

/** Reads what queues have counted, as records of group `self`, with a baseline of its own. */
export class SinkReader {
  readonly #since = wallClock();
  /** By process.hrtime, which nobody sets. */
  #readAt = process.hrtime.bigint();
  readonly #before = new WeakMap<SinkQueue, Record<(typeof counters)[number], number>>();

  /** @param running what the sample says of the scheduler */
  read(
    queues: readonly SinkQueue[],
    running: Pick<Sample, "scheduler" | "state" | "epoch">,
    labels: SampleRecord["labels"],
  ): SampleRecord {
    const { scheduler, state, epoch } = running;
    const before = this.#readAt;
    this.#readAt = process.hrtime.bigint();
    const interval = this.#readAt - before;
    const stats = { sinks: { entries: Object.fromEntries(queues.map((queue) => [queue.name, this.#values(queue)])) } };
    const sample = { at: wallClock(), interval, epoch, scheduler, state, stats };
    return { type: "sample", group: "self", schema: sinksSchema, sample, labels, since: this.#since };
  }

  #values(queue: SinkQueue): StatValue {
    const now = queue.counts;
    const before = this.#before.get(queue);
    this.#before.set(queue, now);
    const counted = counters.map((name): [string, CounterValue] => [
      name,
      { total: BigInt(now[name]), delta: BigInt(now[name] - (before?.[name] ?? 0)) },
    ]);
    return { fields: { ...Object.fromEntries(counted), queued: { value: BigInt(now.queued) } } };
  }
}
