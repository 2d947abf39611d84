// SPDX-License-Identifier: MIT
// Samples of so many counters, for benches of what becomes of them.
import type { SampleRecord } from "../../src/sinks/sink.js";
import type { StatsSchema, StatValues } from "../../src/stats/schema.js";

const labels = { host: "bench" };

/** A scheduler with so many counters, half of them of families. */
export function schemaOf(counters: number): StatsSchema {
  const stats = Array.from({ length: counters }, (_, i) => ({
    name: `counter_${i}`,
    kind: "counter" as const,
    desc: `the counter with number ${i}`,
    ...(i % 2 === 0 && { family: { name: `family_${i % 50}`, labels: { nth: String(i) } } }),
  }));
  return { name: "bench_stats", stats };
}

/** What they are at a tick. */
export function record(schema: StatsSchema, tick: number): SampleRecord {
  const stats: StatValues = {};
  for (const [i, { name }] of schema.stats.entries())
    stats[name] = { total: BigInt(tick * 1000 + i) * 1_000_003n, delta: BigInt(i) };
  const sample = { interval: 1_000_000_000n, epoch: 0, scheduler: "bench", state: "enabled", stats };
  return { type: "sample", group: "stats", schema, labels, since: 1n, sample: { at: BigInt(tick), ...sample } };
}
