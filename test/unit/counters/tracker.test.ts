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

it("goes on where another schema of the same name has the same counters", () => {
  const [before, after] = [
    ["a", "b"],
    ["b", "c"],
  ].map((names): StatsSchema => ({ name: "s", stats: names.map((name) => ({ name, kind: "counter" })) })) as [
    StatsSchema,
    StatsSchema,
  ];
  const tracker = new Tracker();
  tracker.read(before, { a: 1n, b: 150n });
  expect(tracker.read(after, { b: 151n, c: 7n })).toEqual({ b: both(151n, 1n), c: both(7n, 0n) });
  // One counter that went back tells that all of them began anew, and with them those that are new.
  expect(tracker.read(before, { a: 9n, b: 110n }, { began: true })).toEqual({ a: both(9n, 9n), b: both(261n, 110n) });
  expect(tracker.read(before, { a: 10n, b: 2n }, { began: true })).toEqual({ a: both(19n, 10n), b: both(263n, 2n) });
  expect(tracker.read({ ...after, name: "other" }, { b: 5n })).toEqual({ b: both(5n, 0n) });
});

it("takes a source that looks as if it began anew for one, whatever single counters say", () => {
  const names = ["a", "b", "c"];
  const three: StatsSchema = { name: "s", stats: names.map((name) => ({ name, kind: "counter" })) };
  const tracker = new Tracker();
  tracker.read(three, { a: 50n, b: 50n, c: 50n });
  expect(tracker.read(three, { a: 10n, b: 60n, c: 7n })).toEqual({
    a: both(60n, 10n),
    b: both(110n, 60n),
    c: both(57n, 7n),
  });
  expect(tracker.fell).toBe(true);
  // Less than half of them: one of them alone.
  expect(tracker.read(three, { a: 9n, b: 61n, c: 8n })).toEqual({
    a: both(69n, 9n),
    b: both(111n, 1n),
    c: both(58n, 1n),
  });
  expect(tracker.fell).toBe(false);
  // What is new with it has counted since then, too.
  const more: StatsSchema = { name: "s", stats: [...three.stats, { name: "d", kind: "counter" }] };
  expect(tracker.read(more, { a: 1n, b: 2n, c: 3n, d: 4n }).d).toEqual(both(4n, 4n));
});

it("takes each counter by itself where they are of several sources", () => {
  const schema: StatsSchema = { name: "s", stats: ["a", "b"].map((name) => ({ name, kind: "counter" })) };
  const tracker = new Tracker({ together: false });
  tracker.read(schema, { a: 50n, b: 50n });
  expect(tracker.read(schema, { a: 10n, b: 60n })).toEqual({ a: both(60n, 10n), b: both(60n, 10n) });
});

it("counts modulo 2^64, as the kernel does", () => {
  const tracker = new Tracker();
  const one: StatsSchema = { name: "s", stats: [{ name: "n", kind: "counter" }] };
  const most = 2n ** 64n - 1n;
  tracker.read(one, { n: most });
  expect([5n, 6n].map((n) => tracker.read(one, { n }).n)).toEqual([both(4n, 5n), both(5n, 1n)]);
});

it("knows a histogram's sum, which goes back by itself", () => {
  const waited: StatsSchema = { name: "s", stats: [{ name: "waited", kind: "histogram" }] };
  const tracker = new Tracker();
  const counts = (count: bigint, sum: bigint) => ({ waited: { count, sum, buckets: [count] } });
  tracker.read(waited, counts(3n, 2n ** 64n - 2n));
  expect(tracker.read(waited, counts(4n, 3n)).waited).toMatchObject({ sum: 3n, delta: { count: 1n, sum: 5n } });
  expect(tracker.read(waited, counts(1n, 9n)).waited).toMatchObject({ count: 5n, sum: 12n, delta: { sum: 9n } });
});

it("counts all of a histogram anew when its count went back", () => {
  const waited: StatsSchema = {
    name: "s",
    stats: [
      { name: "waited", kind: "histogram" },
      ...["a", "b", "c"].map((name) => ({ name, kind: "counter" as const })),
    ],
  };
  const tracker = new Tracker();
  const counts = (...buckets: bigint[]) => ({ count: buckets.reduce((sum, one) => sum + one), sum: 9n, buckets });
  const others = { a: 1n, b: 1n, c: 1n };
  tracker.read(waited, { waited: counts(90n, 10n), ...others });
  const { waited: now } = tracker.read(waited, { waited: counts(10n, 50n), ...others });
  expect(tracker.fell).toBe(false);
  expect(now).toEqual({
    count: 160n,
    sum: 18n,
    buckets: [100n, 60n],
    delta: { count: 60n, sum: 9n, buckets: [10n, 50n] },
  });
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
