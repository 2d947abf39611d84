// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { BpfObject, type LoadedObject, Sampler } from "../../src/index.js";
import { native } from "../../src/native/index.js";
import { countExactly } from "../bench/count_exactly.js";
import { testObject } from "../objects.js";

const load = async (name: string): Promise<LoadedObject> => (await BpfObject.open(testObject(name))).load();
const unsupported = expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED" });

it.each([
  ["count", "count_plain"],
  ["mapped", "count"],
])("%s: totals go on while the counters themselves begin anew; gauges stay", async (object, program) => {
  await using loaded = await load(object);
  const consumer = new Sampler(loaded.stats, { intervalMs: 1e-6, mode: "zero" }).consumer();
  if (object === "count") loaded.run("set_level", { n: 5n });
  let truth = 0n;
  for (let n = 1n; n <= 50n; n++) {
    loaded.run(program, { n });
    truth += n;
    const { events, level } = consumer.read().stats;
    expect(events).toEqual({ total: truth, delta: n });
    expect((level as { value: bigint }).value).toBeGreaterThanOrEqual(5n);
  }
});

it("other readers of the map see what was counted since", async () => {
  await using loaded = await load("wide");
  const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6, mode: "zero" });
  const others = native.mapById(loaded.maps.scx_stats?.id ?? 0);
  const seen = new native.Snapshot(others);
  const firstAndLast = () => {
    seen.take();
    return [seen.sums[0], seen.sums[255]];
  };
  loaded.run("count_wide", { n: 7n });
  expect(firstAndLast()).toEqual([7n, 7n * 256n]);
  sampler.totals();
  expect(firstAndLast()).toEqual([0n, 0n]);
  loaded.run("count_wide", { n: 2n });
  expect(firstAndLast()).toEqual([2n, 512n]);
  expect(sampler.totals().stats.cff).toEqual({ total: 9n * 256n, delta: 512n });
  others.close();
});

it.each(["struct", "mapped"] as const)("%s: a zero that a writer undoes makes nothing count twice", async (form) => {
  const { truth, consumers } = await countExactly(form, 5_000_000, 0, { mode: "zero" });
  // All share the one who zeroes. Taken as they come, such zeros make it 165 to 220 of 100; some events of each zero are lost.
  const percent = Number((consumers[0]?.sums.plain ?? 0n) * 100n) / Number(truth);
  expect(percent).toBeGreaterThan(50);
  expect(percent).toBeLessThan(110);
});

it("is refused for what can't be zeroed: hashes, what is opened for reading, sums over CPUs", async () => {
  await using keyed = await load("readers");
  expect(() => new Sampler(keyed.stats, { intervalMs: 1, mode: "zero" })).toThrowError(unsupported);
  await using loaded = await load("wide");
  const map = native.mapById(loaded.maps.scx_stats?.id ?? 0);
  const snapshot = new native.Snapshot(map);
  snapshot.take();
  expect(() => snapshot.zero(new Uint8Array(256))).toThrowError("Operation not permitted");
  expect(() => snapshot.zero(new Uint8Array(255))).toThrowError(RangeError);
  map.close();
  expect(() => new Sampler(loaded.stats, { intervalMs: 1, mode: "zero", by: ["cpu"] })).toThrowError(
    expect.objectContaining({ code: "ERR_SCX_USAGE" }),
  );
});
