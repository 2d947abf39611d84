// SPDX-License-Identifier: MIT
// Records for tests of sinks.

import type { EventRecord, SampleRecord } from "../../../src/sinks/sink.js";
import type { Sample, StatsSchema, StatValues } from "../../../src/stats/schema.js";

const noLabels = {};

/** One reading of a schema. */
export const recordOf = (
  schema: StatsSchema,
  stats: StatValues,
  about: Partial<Omit<SampleRecord, "sample">> & { sample?: Partial<Sample> } = {},
): SampleRecord => ({
  type: "sample",
  group: "stats",
  labels: noLabels,
  ...about,
  schema,
  sample: { at: 1n, interval: 1n, epoch: 0, scheduler: "simple", state: "enabled", stats, ...about.sample },
});

export const countSchema: StatsSchema = { name: "count", stats: [{ name: "events", kind: "counter" }] };

/** The nth of many samples, each of which counted one more event. */
export const nthRecord = (n: number, about?: Parameters<typeof recordOf>[2]): SampleRecord =>
  recordOf(countSchema, { events: { total: BigInt(n), delta: 1n } }, { sample: { at: BigInt(n) }, ...about });

/** A scheduler that left. */
export const eventRecord: EventRecord = {
  type: "event",
  name: "exit",
  at: 2_000_000n,
  scheduler: "simple",
  severity: "info",
  message: "unregistered",
  fields: { kind: "unreg", code: 0n },
  labels: noLabels,
};
