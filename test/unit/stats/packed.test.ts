// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { mergedSample } from "../../../src/stats/merge.js";
import { PackedSample } from "../../../src/stats/packed.js";
import type { Sample, StatsSchema, StatValues } from "../../../src/stats/schema.js";

const schema: StatsSchema = { name: "every kind", stats: [] };
const u64Max = 2n ** 64n - 1n;

const both = (total: bigint, delta: bigint) => ({ total, delta });
const counts = (count: bigint) => ({ count, sum: count * 2n, buckets: [0n, count] });
const sample = (n: bigint, more: StatValues = {}): Sample => ({
  at: n,
  interval: 10n,
  epoch: 0,
  scheduler: "simple",
  state: "enabled",
  stats: {
    events: both(u64Max - n, n),
    low: { value: -n },
    high: { value: u64Max },
    share: { value: 0.5 },
    mode: { value: "total" },
    waited: { ...counts(n), delta: counts(n) },
    list: { items: [both(n, n), { value: n }] },
    doms: { entries: { total: { fields: { moved: both(n, n), delta: { value: n } } }, ...more } },
    ["__proto__"]: both(n, n),
  },
  by: { cpu: { 0: { events: both(n, n), doms: { entries: { 3: both(n, n) } } }, 1: {} } },
});
const packed = (one: Sample) => PackedSample.of(schema, one) as PackedSample;

it("is the same sample again when it is unpacked", () => {
  for (const one of [sample(5n), sample(6n), sample(7n, { came: both(1n, 1n) }), sample(8n)])
    expect(packed(one).unpacked()).toEqual(one);
});

it("is merged as other samples are", () => {
  const [one, two, three] = [sample(5n), sample(6n), sample(7n)];
  const all = [one, two, three].map(packed) as [PackedSample, PackedSample, PackedSample];
  const merged = all[0].mergedWith(all[1])?.mergedWith(all[2]);
  expect(merged?.unpacked()).toEqual(mergedSample(mergedSample(one, two), three));
  expect(all.map((given) => given.unpacked())).toEqual([one, two, three]); // which other sinks may have, too
});

it("is merged modulo 2^64, as others are", () => {
  const [most, more] = [sample(u64Max >> 1n), sample(1n << 62n)];
  expect(packed(most).mergedWith(packed(more))?.unpacked()).toEqual(mergedSample(most, more));
});

it("isn't merged with what looks otherwise", () => {
  const one = packed(sample(5n));
  expect(one.mergedWith(packed(sample(6n, { came: both(1n, 1n) })))).toBeUndefined();
});

it("isn't made of counts beyond u64", () => {
  expect(PackedSample.of(schema, sample(5n, { far: both(u64Max + 1n, 1n) }))).toBeUndefined();
});
