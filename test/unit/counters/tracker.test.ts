// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Tracker } from "../../../src/counters/tracker.js";
import { decodeValues } from "../../../src/stats/decode.js";
import { defineStats } from "../../../src/stats/define.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import * as stat from "../../../src/stats/stat.js";

const domain = defineStats("domain", { load: stat.float(), moved: stat.counter() });
const schema = defineStats("balance", {
  events: stat.counter(),
  level: stat.i64(),
  mode: stat.string(),
  doms: stat.dict("u64", stat.group(domain)),
  per_cpu: stat.array(stat.counter()),
});
const read = (events: bigint, moved: Record<string, bigint>, cpus: bigint[]) => ({
  events,
  level: -2n,
  mode: "fifo",
  doms: new Map(Object.entries(moved).map(([key, count]) => [BigInt(key), { load: 0.5, moved: count }])),
  per_cpu: cpus,
});
const both = (total: bigint, delta: bigint) => ({ total, delta });
const doms = (entries: Record<string, ReturnType<typeof both>>) => ({
  entries: Object.fromEntries(
    Object.entries(entries).map(([key, moved]) => [key, { fields: { load: { value: 0.5 }, moved } }]),
  ),
});

it("counts from the first reading on, over new beginnings, keys that come and keys that go", () => {
  const tracker = new Tracker();
  const gauges = { level: { value: -2n }, mode: { value: "fifo" } };
  expect(tracker.read(schema, read(10n, { 0: 5n }, [1n]))).toEqual({
    ...gauges,
    events: both(10n, 0n),
    doms: doms({ 0: both(5n, 0n) }),
    per_cpu: { items: [both(1n, 0n)] },
  });
  expect(tracker.read(schema, read(13n, { 0: 6n, 1: 4n }, [1n, 2n]))).toEqual({
    ...gauges,
    events: both(13n, 3n),
    doms: doms({ 0: both(6n, 1n), 1: both(4n, 4n) }),
    per_cpu: { items: [both(1n, 0n), both(2n, 2n)] },
  });
  // The source began anew.
  expect(tracker.read(schema, read(2n, { 1: 5n }, [3n, 2n]))).toMatchObject({
    events: both(15n, 2n),
    doms: doms({ 1: both(5n, 1n) }),
  });
  expect(tracker.read(schema, read(4n, { 0: 2n, 1: 5n }, [3n, 2n]))).toMatchObject({
    events: both(17n, 2n),
    doms: doms({ 0: both(2n, 2n), 1: both(5n, 0n) }),
  });
});

it("counts from zero where the source began with it", () => {
  expect(new Tracker({ fromZero: true }).read(schema, read(7n, {}, []))).toMatchObject({ events: both(7n, 7n) });
});

it("sums up what is read as what was added", () => {
  const added: StatsSchema = { name: "s", stats: [{ name: "n", kind: "counter", user: { _scx_delta: "true" } }] };
  const tracker = new Tracker();
  expect([3n, 0n, 4n].map((n) => tracker.read(added, { n }).n)).toEqual([both(3n, 3n), both(3n, 0n), both(7n, 4n)]);
});

it("takes what a client decodes, histograms too", () => {
  const waited: StatsSchema = { name: "s", stats: [{ name: "waited", kind: "histogram" }] };
  const tracker = new Tracker();
  const reply = (count: bigint) => ({ waited: { count, sum: count * 3n, buckets: [0n, 0n, count] } });
  tracker.read(waited, decodeValues(waited, reply(1n)));
  expect(tracker.read(waited, decodeValues(waited, reply(3n))).waited).toEqual({
    count: 3n,
    sum: 9n,
    buckets: [0n, 0n, 3n],
    delta: { count: 2n, sum: 6n, buckets: [0n, 0n, 2n] },
  });
});
