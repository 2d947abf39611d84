// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { BpfObject, type LoadedObject, Sampler, type StatsMap } from "../../src/index.js";
import { native } from "../../src/native/index.js";
import { countExactly } from "../bench/count_exactly.js";
import { testObject } from "../objects.js";

const load = async (name: string): Promise<LoadedObject> => (await BpfObject.open(testObject(name))).load();
const unsupported = expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED" });

it.each([
  ["events", "count_events", "plain"],
  ["mapped", "count", "events"],
] as const)("%s: totals go on while the counters themselves begin anew; gauges stay", async (object, program, name) => {
  await using loaded = await load(object);
  const consumer = new Sampler(loaded.stats, { intervalMs: 1e-6, mode: "zero" }).consumer();
  let truth = 0n;
  for (let n = 1n; n <= 50n; n++) {
    loaded.run(program, { n });
    truth += n;
    const { [name]: counted, level } = consumer.read().stats;
    expect(counted).toEqual({ total: truth, delta: n });
    if (object === "mapped") expect((level as { value: bigint }).value).toBeGreaterThanOrEqual(5n);
  }
});

describe("where memory isn't mapped, whole values are written", () => {
  const zeroing = async (object: string, stats?: StatsMap["stats"]) => {
    const loaded = await (await BpfObject.open(testObject(object))).load(stats && { statsMap: { stats } });
    return { loaded, sample: () => new Sampler(loaded.stats, { intervalMs: 1e-6, mode: "zero" }) };
  };

  it.each<[string, string, StatsMap["stats"] | undefined, string]>([
    ["a counter that nobody named", "events", { "scx_stats.plain": {} }, "scx_stats.atomic"],
    ["a gauge", "count", undefined, "scx_stats.level"],
    ["whatever else a CPU's context has", "readers", { "cpu_ctxs.cstats": {} }, "cpu_ctxs.vtime_now"],
    ["one entry's other integers", "readers", { "latencies.slots[1]": {} }, "latencies.sum[0]"],
    ["bitfields and unions", "odd_stats", { packed_stats: {} }, "packed_stats.low"],
    ["what is past the integers that are read", "odd_stats", { wide_stats: {} }, "wide_stats.words[4096]"],
    ["the kernel's own members", "odd_stats", { locked_stats: {} }, "locked_stats.lock.val"],
    ["other variables of a section", "unmapped", { nr_guarded: {} }, "guarded.lock.val"],
  ])("so nothing is zeroed where that would bring back %s", async (_, object, stats, place) => {
    const { loaded, sample } = await zeroing(object, stats);
    const message = `can't be zeroed alone: ${place} would go back to what it was`;
    expect(sample).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED", message: expect.stringContaining(message) }),
    );
    loaded.close();
  });

  it.each<[string, string, StatsMap["stats"], object]>([
    ["an array of counters, each in an entry of its own", "readers", { event_stats: {} }, { event_stats_moved: 3n }],
    ["some of them", "readers", { "event_stats[1]": { name: "moved" } }, { moved: 3n }],
    ["a global that is alone in its section", "unmapped", { nr_seen: {} }, { nr_seen: 3n }],
  ])("%s: is zeroed", async (_, object, stats, totals) => {
    const { loaded, sample } = await zeroing(object, stats);
    const sampler = sample();
    for (const n of [1n, 2n]) {
      if (object === "unmapped") loaded.run("see", { n });
      else loaded.run("count_event", { n, key: 1n });
      sampler.totals();
    }
    const [[name, total] = ["", 0n]] = Object.entries(totals);
    expect(sampler.totals().stats[name]).toEqual({ total, delta: 0n });
    if (object === "unmapped") expect(loaded.globals.nr_seen).toBe(0n);
    loaded.close();
  });
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
