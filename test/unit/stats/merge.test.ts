// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { mergedSample } from "../../../src/stats/merge.js";
import type { Sample, StatValues } from "../../../src/stats/schema.js";

const sample = (at: bigint, stats: StatValues, by: NonNullable<Sample["by"]> = {}): Sample => ({
  at,
  interval: 10n,
  epoch: 0,
  scheduler: "simple",
  state: "enabled",
  stats,
  by,
});
const both = (total: bigint, delta: bigint) => ({ total, delta });
const counts = (count: bigint) => ({ count, sum: count * 2n, buckets: [0n, count] });

it("has the later one's values and both's deltas, wherever they stand", () => {
  const of = (total: bigint, delta: bigint, more: StatValues = {}): StatValues => ({
    events: both(total, delta),
    level: { value: total },
    waited: { ...counts(total), delta: counts(delta) },
    list: { items: [both(total, delta)] },
    doms: { entries: { a: { fields: { moved: both(total, delta) } }, ...more } },
  });
  const earlier = sample(1n, of(5n, 5n, { gone: both(1n, 1n) }), { cpu: { 0: { events: both(5n, 5n) } } });
  const later = sample(2n, of(7n, 2n, { came: both(1n, 1n) }), { cpu: { 0: { events: both(7n, 2n) }, 1: {} } });
  const merged = of(7n, 7n, { came: both(1n, 1n) });
  expect(mergedSample(earlier, later)).toEqual({
    ...sample(2n, merged, { cpu: { 0: { events: both(7n, 7n) }, 1: {} } }),
    interval: 20n,
  });
});

it("adds deltas modulo 2^64: what goes back and comes again has moved by the difference", () => {
  const back = 2n ** 64n - 5n; // by five
  const of = (delta: bigint): StatValues => ({
    events: both(9n, delta),
    waited: { ...counts(9n), delta: { count: delta, sum: delta, buckets: [0n, delta] } },
  });
  expect(mergedSample(sample(1n, of(back)), sample(2n, of(12n))).stats).toEqual(of(7n));
});
