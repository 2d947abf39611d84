// SPDX-License-Identifier: MIT
import type { CounterValue, StatsSchema, StatValue } from "../stats/schema.js";
import type { SinkQueue } from "./queue.js";

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
export const sinksSchema: StatsSchema = {
  name: "sinks",
  desc: "scxkit's own sinks",
  stats: [{ name: "sinks", kind: "gauge", type: { dict: { struct: sinkSchema }, key: "string" } }],
};

const counters = ["written", "dropped", "failures"] as const;

/** Reads what queues have counted, as values of {@link sinksSchema}, with a baseline of its own. */
export class SinkReader {
  readonly #before = new WeakMap<SinkQueue, Record<(typeof counters)[number], number>>();

  read(queues: readonly SinkQueue[]): Record<string, StatValue> {
    return { sinks: { entries: Object.fromEntries(queues.map((queue) => [queue.name, this.#values(queue)])) } };
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
