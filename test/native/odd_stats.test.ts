// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type CounterValue,
  checkStatsMap,
  type LoadedObject,
  Sampler,
  type StatValues,
  type WritableMap,
} from "../../src/index.js";
import { possibleCpus } from "../../src/kernel/cpus.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
let sampler: Sampler;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("odd_stats"))).load();
  sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 }); // always read afresh
});
afterEach(() => loaded.close());

const mapOf = (name: string) => loaded.maps[name] as WritableMap;
/** The same value on each CPU, or what is given for the first and the others. */
const onCpus = <T>(first: T, others: T = first) => possibleCpus().map((cpu) => (cpu === 0 ? first : others));
const cpus = BigInt(possibleCpus().length);
const counter = (stats: StatValues, name: string) => stats[name] as CounterValue;
const entries = (stats: StatValues, name: string) => (stats[name] as { entries: Record<string, CounterValue> }).entries;
const kindOf = (name: string) => sampler.schema.stats.find((stat) => stat.name === name)?.kind;

describe("a bool and an enum", () => {
  it("are gauges: they count nothing", () => {
    expect(["calls", "on", "state", "share"].map(kindOf)).toEqual(["counter", "gauge", "gauge", "counter"]);
    const consumer = sampler.consumer();
    mapOf("one_stats").set(0, onCpus({ calls: 1n, on: true, state: "BUSY", share: 0n, small: 0 }));
    expect(consumer.read().stats).toMatchObject({ on_2: { value: cpus }, state_2: { value: cpus } });
    mapOf("one_stats").set(0, onCpus({ calls: 2n, on: false, state: "IDLE", share: 0n, small: 0 }));
    expect(consumer.read().stats).toMatchObject({
      calls_2: { total: 2n * cpus, delta: cpus },
      on_2: { value: 0n },
      state_2: { value: 0n },
    });
  });
});

describe("one member that falls", () => {
  const value = { calls: 100n, on: true, state: "BUSY", share: 70n, small: 2 ** 32 - 1 };
  const set = (change: object) => mapOf("mixed_stats").set(7, onCpus({ ...value, ...change }));

  it.each([{ on: false }, { state: "IDLE" }, { share: 10n }, { small: 4 }])(
    "%o: doesn't have the others of its key counted again",
    (change) => {
      const consumer = sampler.consumer();
      set({});
      consumer.read();
      set({ calls: 105n, ...change });
      expect(entries(consumer.read().stats, "calls")).toEqual({ 7: { total: 105n * cpus, delta: 5n * cpus } });
      set({ calls: 105n, ...change, share: 9n }); // nothing has been counted since
      expect(entries(consumer.read().stats, "calls")).toEqual({ 7: { total: 105n * cpus, delta: 0n } });
    },
  );

  it("a key that came back is noticed when all that it had counted fell", () => {
    const consumer = sampler.consumer();
    set({});
    consumer.read();
    set({ calls: 40n, share: 2n, small: 3 });
    const { stats } = consumer.read();
    expect(entries(stats, "calls")).toEqual({ 7: { total: 140n * cpus, delta: 40n * cpus } });
    expect(entries(stats, "share")).toEqual({ 7: { total: 72n * cpus, delta: 2n * cpus } });
    expect(entries(stats, "small")).toEqual({ 7: { total: (2n ** 32n + 2n) * cpus, delta: 3n * cpus } });
  });
});

describe("counters of 8, 16 and 32 bits", () => {
  const before = { hits: 2 ** 32 - 6, misses: 2 ** 16 - 6, drops: 2 ** 8 - 6 };
  const after = { hits: 4, misses: 4, drops: 4 };
  const start = { hits: BigInt(before.hits), misses: BigInt(before.misses), drops: BigInt(before.drops) };

  it.each([
    ["narrow_stats", (stats: StatValues, name: string) => counter(stats, name)],
    ["narrow_cnt", (stats: StatValues, name: string) => entries(stats, `${name}_2`)[0]],
  ] as const)("%s: go on over their wraps, on each CPU by itself", (map, find) => {
    const consumer = sampler.consumer();
    mapOf(map).set(0, onCpus(before));
    consumer.read();
    for (const [name, value] of Object.entries(start))
      expect(find(sampler.totals().stats, name)).toEqual({ total: value * cpus, delta: 0n });
    mapOf(map).set(0, onCpus(after, before));
    const { stats } = consumer.read();
    for (const [name, value] of Object.entries(start))
      expect(find(stats, name)).toEqual({ total: value * cpus + 10n, delta: 10n });
    mapOf(map).set(0, onCpus(after));
    const last = consumer.read().stats;
    const rest = 10n * (cpus - 1n);
    for (const [name, value] of Object.entries(start))
      expect(find(last, name)).toEqual({ total: (value + 10n) * cpus, delta: rest });
  });

  it("of each CPU too, also from when they are first asked for", () => {
    const consumer = sampler.consumer();
    mapOf("narrow_stats").set(0, onCpus(before));
    consumer.read();
    mapOf("narrow_stats").set(0, onCpus(after));
    consumer.read();
    const grouped = new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["cpu"] });
    const { by, stats } = grouped.totals();
    expect(by?.cpu?.["0"]?.hits).toEqual({ total: start.hits + 10n, delta: start.hits + 10n });
    expect(counter(stats, "hits").total).toBe((start.hits + 10n) * cpus);
    expect(counter(consumer.read().stats, "hits")).toEqual({ total: (start.hits + 10n) * cpus, delta: 0n });
  });

  it("that a statistics map says are gauges are what they are, its counters wrap", async () => {
    const statsMap = checkStatsMap({
      stats: {
        "narrow_stats.hits": { kind: "gauge" },
        "narrow_stats.misses": { kind: "counter" },
        "narrow_cnt.drops": { kind: "gauge" },
      },
    });
    await using mapped = await (await BpfObject.open(testObject("odd_stats"))).load({ statsMap });
    const own = new Sampler(mapped.stats, { intervalMs: 1e-6 });
    const stats = mapped.maps.narrow_stats as WritableMap;
    stats.set(0, onCpus(before));
    own.totals();
    stats.set(0, onCpus(after));
    expect(own.totals().stats).toMatchObject({
      narrow_stats_hits: { value: 4n * cpus },
      narrow_stats_misses: { total: (start.misses + 10n) * cpus },
    });
  });

  it("a key of theirs alone that came back counts from zero", () => {
    const consumer = sampler.consumer();
    mapOf("narrow_cnt").set(0, onCpus({ hits: 1000, misses: 900, drops: 90 }));
    consumer.read();
    mapOf("narrow_cnt").set(0, onCpus({ hits: 5, misses: 4, drops: 3 }));
    const { stats } = consumer.read();
    expect([entries(stats, "hits_2"), entries(stats, "drops_2")]).toEqual([
      { 0: { total: 1005n * cpus, delta: 5n * cpus } },
      { 0: { total: 93n * cpus, delta: 3n * cpus } },
    ]);
  });

  it("are zeroed where the kernel's are to be", async () => {
    const statsMap = checkStatsMap({ stats: { narrow_stats: {} } });
    await using mapped = await (await BpfObject.open(testObject("odd_stats"))).load({ statsMap });
    const consumer = new Sampler(mapped.stats, { intervalMs: 1e-6, mode: "zero" }).consumer();
    const stats = mapped.maps.narrow_stats as WritableMap;
    for (let round = 1n; round <= 3n; round++) {
      stats.set(0, onCpus({ hits: 7, misses: 6, drops: 5 }));
      expect(consumer.read().stats).toMatchObject({
        narrow_stats_hits: { total: 7n * round * cpus, delta: 7n * cpus },
        narrow_stats_drops: { total: 5n * round * cpus, delta: 5n * cpus },
      });
      expect(stats.get(0)).toEqual(onCpus({ hits: 0, misses: 0, drops: 0 }));
    }
  });
});

it("what is left out is among the problems, and the rest is read", () => {
  expect(sampler.totals().stats).toMatchObject({ words_4095: { total: 0n }, whole: { total: 0n } });
  const problems = sampler.problems.map(({ message }) => message);
  for (const map of ["task_stats", "wide_stats", "packed_stats"])
    expect(problems).toContainEqual(expect.stringContaining(map));
  expect(problems).toContainEqual(expect.stringMatching(/^share_stats has no integers/));
  expect(problems).toContainEqual(
    expect.stringMatching(/^Map waiting_stats is of type queue, .*\n.*an array or a hash/),
  );
  expect(problems).toContainEqual(expect.stringMatching(/^uneven_stats has integers of less than 64 bits/));
});

it("members that are the kernel's are no statistics", () => {
  mapOf("locked_stats").set(0, { lock: { val: 0 }, timer: { __opaque: [0n, 0n] }, held: 5n });
  expect(sampler.totals().stats.held).toEqual({ total: 5n, delta: 5n });
  expect(sampler.schema.stats.filter(({ name }) => /lock|timer|opaque/.test(name))).toEqual([]);
});

it("a global array has the names of its enum", () => {
  loaded.run("count_other", { n: 3n });
  expect(sampler.totals().stats).toMatchObject({ p_2: { total: 0n } });
});

describe("keys", () => {
  it("of one text are one: what is behind its end is nothing of it", () => {
    const consumer = sampler.consumer();
    const set = (comm: string, value: bigint) => mapOf("comm_stats").set({ comm, cpu: 1 }, value);
    set("abc", 5n);
    set("abc\0\0x", 10n);
    set("a,b", 1n);
    expect(entries(consumer.read().stats, "comm_stats")).toEqual({
      "abc,1": { total: 15n, delta: 15n },
      "a\\,b,1": { total: 1n, delta: 1n },
    });
    set("abc", 6n);
    set("abc\0\0x", 12n);
    expect(entries(consumer.read().stats, "comm_stats")["abc,1"]).toEqual({ total: 18n, delta: 3n });
  });
});
