// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../src/diagnostics.js";
import {
  BpfObject,
  type CounterValue,
  type Domain,
  domains,
  type HistogramCounts,
  type HistogramValue,
  type LoadedObject,
  type Sample,
  Sampler,
  type WritableMap,
} from "../../src/index.js";
import { possibleCpus } from "../../src/kernel/cpus.js";
import { RunStats } from "../../src/source/run.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
let sampler: Sampler;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("readers"))).load();
  sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 }); // always read afresh
});
afterEach(() => loaded.close());

/** What is said in the log from now on, to the test's end. */
function logged(): LogRecord[] {
  const records: LogRecord[] = [];
  const listen = (record: unknown) => void records.push(record as LogRecord);
  subscribe("scxkit:log", listen);
  onTestFinished(() => void unsubscribe("scxkit:log", listen));
  return records;
}

const count = (program: string, n: bigint, key = 0n) => expect(loaded.run(program, { n, key }).status).toBe(0);
const statOf = (name: string) => sampler.schema.stats.find((stat) => stat.name === name);
const entries = (sample: Sample, name: string) =>
  (sample.stats[name] as { entries: Record<string, CounterValue> }).entries;

describe("statistics that nobody declared for us", () => {
  it("are found by map type, name and BTF", () => {
    const names = [
      ...["woken", "moved", "kept"],
      ...["queued", "balance", "far_moved_0_0", "far_moved_0_1", "far_moved_1_0", "far_moved_1_1"],
      ...["pid_stats", "pair_counters", "plain_cnt_0", "plain_cnt_1"],
      ...["local", "remote", "nr_delta", "nr_total"],
      ...["gstats_0", "gstats_1", "calls", "lag"],
      ...[0, 1, 2].flatMap((cell) => ["local", "cpu_released", "borrowed", "stolen"].map((stat) => `${stat}_${cell}`)),
    ];
    expect(sampler.schema.stats.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(statOf("balance")?.kind).toBe("gauge");
    expect(statOf("far_moved_1_0")?.family).toEqual({ name: "far_moved", labels: { index0: "1", index1: "0" } });
    expect(statOf("plain_cnt_1")?.family).toEqual({ name: "plain_cnt", labels: { index: "1" } });
    expect(statOf("pid_stats")?.type).toEqual({ dict: "u64", key: "u64" });
    expect(statOf("pair_counters")?.type).toEqual({ dict: "u64", key: "string" });
  });

  it("per-CPU arrays of integers, named by the enum that indexes them", () => {
    const consumer = sampler.consumer();
    count("count_event", 5n, 1n);
    count("count_event", 7n, 2n);
    const { woken, moved, kept } = consumer.read().stats;
    expect({ woken, moved, kept }).toEqual({
      woken: { total: 0n, delta: 0n },
      moved: { total: 5n, delta: 5n },
      kept: { total: 7n, delta: 7n },
    });
    count("count_event", 1n, 1n);
    expect(consumer.read().stats.moved).toEqual({ total: 6n, delta: 1n });
  });

  it("structs with narrow, signed and nested members, and arrays of two dimensions", () => {
    count("count_place", 300n);
    const { queued, balance, far_moved_1_0, far_moved_0_0 } = sampler.totals().stats;
    expect(queued).toEqual({ value: 300n });
    expect(balance).toEqual({ value: -300n });
    expect(far_moved_1_0).toEqual({ total: 300n, delta: 300n });
    expect(far_moved_0_0).toEqual({ total: 0n, delta: 0n });
  });

  it("members of what is kept for each CPU, by the enum that indexes their last dimension", () => {
    count("count_cell", 5n, 1n);
    const { cpu_released_2, gstats_1, local_2 } = sampler.totals().stats;
    expect([cpu_released_2, gstats_1, local_2]).toMatchObject([{ total: 5n }, { total: 1n }, { total: 0n }]);
    expect(statOf("cpu_released_2")?.family).toEqual({ name: "cpu_released", labels: { index: "2" } });
  });

  it("mapped rows per CPU, globals, plain arrays", () => {
    count("count_rest", 9n);
    const { local, remote, nr_total, nr_delta, plain_cnt_1 } = sampler.totals().stats;
    expect([local, remote, nr_total, plain_cnt_1]).toMatchObject([
      { total: 9n },
      { total: 18n },
      { total: 9n },
      { total: 9n },
    ]);
    expect(nr_delta).toEqual({ value: -9n });
    expect(entries(sampler.totals(), "pair_counters")).toEqual({ "left,-1": { total: 9n, delta: 0n } });
  });
});

describe("by groups of CPUs", () => {
  it.each(["cpu", "core", "llc", "node"] as const)("%s: the groups' sums are the whole", (domain) => {
    for (let n = 1n; n <= 20n; n++) {
      count("count_event", n, 1n);
      count("count_rest", n);
    }
    const rollup = loaded.stats.by?.(domain);
    const read = rollup?.read() ?? {};
    expect(Object.keys(read)).toEqual(rollup?.groups);
    expect(rollup?.stats.map((stat) => stat.name)).not.toContain("nr_total"); // it isn't kept per CPU
    const sum = (name: string) => Object.values(read).reduce((all, one) => all + ((one[name] as bigint) ?? 0n), 0n);
    expect([sum("moved"), sum("kept"), sum("local"), sum("remote")]).toEqual([210n, 0n, 210n, 420n]);
  });
});

const added = (all: readonly HistogramCounts[]) => ({
  count: all.reduce((sum, { count }) => sum + count, 0n),
  sum: all.reduce((sum, one) => sum + one.sum, 0n),
  buckets: Array.from({ length: 64 }, (_, i) => all.reduce((sum, { buckets }) => sum + (buckets[i] ?? 0n), 0n)),
});

describe("by groups of CPUs, in samples", () => {
  it("has totals and deltas in each consumer's own baseline, of the same reading as the whole", () => {
    const grouped = new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["cpu", "llc", "node", "core"] });
    const [each, all] = [grouped.consumer(), grouped.consumer()];
    const sumOf = (sample: Sample, domain: Domain, name: string) =>
      Object.values(sample.by?.[domain] ?? {})
        .map((values) => values[name] as CounterValue)
        .reduce((sum, { total, delta }) => ({ total: sum.total + total, delta: sum.delta + delta }), {
          total: 0n,
          delta: 0n,
        });
    for (let n = 1n; n <= 10n; n++) {
      count("count_event", n, 1n);
      count("count_rest", n);
      const sample = each.read();
      for (const domain of domains)
        for (const name of ["moved", "local", "remote"])
          expect([domain, sumOf(sample, domain, name)]).toEqual([domain, sample.stats[name]]);
      expect(sumOf(sample, "llc", "moved").delta).toBe(n);
    }
    expect(sumOf(all.read(), "cpu", "remote")).toEqual({ total: 110n, delta: 110n });
    const names = Object.keys(Object.values(each.read().by?.cpu ?? {})[0] ?? {});
    expect(names).toContain("far_moved_1_0");
    expect(names).not.toContain("nr_total"); // it isn't kept per CPU
    expect(names).not.toContain("pair_counters"); // a hash that isn't
    expect(names).toContain("pid_stats");
  });

  it("histograms, declared or made of others' buckets, are the whole as well", async () => {
    await using declared = await (await BpfObject.open(testObject("count"))).load();
    await using mapped = await (await BpfObject.open(testObject("readers"))).load({
      statsMap: {
        stats: {
          "latencies.slots[1]": { kind: "histogram", name: "latency", sum: "latencies.sum[1]" },
          "latencies.slots[0]": { kind: "histogram", name: "reckoned" },
        },
      },
    });
    const observe = (n: bigint) => {
      declared.run("observe", { n });
      for (const kind of [0, 1]) mapped.run("observe", { n, kind, slot: n.toString(2).length - 1 });
    };
    const grouped = [declared, mapped].map(
      ({ stats }) => new Sampler(stats, { intervalMs: 1e-6, by: ["cpu", "node", "core", "llc"] }),
    );
    const consumers = grouped.map((one) => one.consumer());
    for (const values of [[1n, 2n, 3n], [1000n], []]) {
      for (const value of values) observe(value);
      for (const sample of consumers.map((one) => one.read()))
        for (const domain of domains)
          for (const name of ["sizes", "latency", "reckoned"].filter((one) => one in sample.stats)) {
            const whole = sample.stats[name] as HistogramValue;
            expect(whole.delta.count).toBe(BigInt(values.length));
            const parts = Object.values(sample.by?.[domain] ?? {}).map((group) => group[name] as HistogramValue);
            expect(added(parts)).toEqual(added([whole]));
            expect(added(parts.map(({ delta }) => delta))).toEqual(added([whole.delta]));
          }
    }
    const sizes = Object.values(declared.stats.by?.("cpu").read() ?? {}).map((group) => group.sizes);
    expect(added(sizes as HistogramCounts[])).toMatchObject({ count: 4n, sum: 1006n });
  });

  it("gauges are what they are", () => {
    const grouped = new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["node"] });
    count("count_place", 7n);
    const nodes = Object.values(grouped.totals().by?.node ?? {});
    expect(nodes.map((node) => (node.balance as { value: bigint }).value).reduce((a, b) => a + b)).toBe(-7n);
  });

  it("knows no other groups", () => {
    expect(() => new Sampler(loaded.stats, { intervalMs: 1, by: ["die" as "llc"] })).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_USAGE" }),
    );
  });
});

describe("a hash whose keys come and go", () => {
  it("gives each key a counter of its own, and loses nothing of one that went", () => {
    const consumer = sampler.consumer();
    count("count_pid", 3n, 10n);
    count("count_pid", 4n, 20n);
    expect(entries(consumer.read(), "pid_stats")).toEqual({
      10: { total: 3n, delta: 3n },
      20: { total: 4n, delta: 4n },
    });
    count("count_pid", 2n, 10n);
    count("forget_pid", 0n, 20n);
    expect(entries(consumer.read(), "pid_stats")).toEqual({
      10: { total: 5n, delta: 2n },
      20: { total: 4n, delta: 0n },
    });
    expect(entries(consumer.read(), "pid_stats")).toEqual({ 10: { total: 5n, delta: 0n } });
    count("count_pid", 6n, 30n); // may take the slot of 20
    expect(entries(consumer.read(), "pid_stats")).toEqual({
      10: { total: 5n, delta: 0n },
      30: { total: 6n, delta: 6n },
    });
  });

  it("has a dictionary for each member of its values, of per-CPU ones the sums, and gauges as they are", () => {
    const consumer = sampler.consumer();
    const uses = loaded.maps.use_stats as WritableMap;
    const [, ...others] = possibleCpus();
    const use = (calls: bigint, lag: bigint) => [{ calls, lag }, ...others.map(() => ({ calls: 1n, lag: -1n }))];
    uses.set(-3, use(5n, -4n));
    const cpus = BigInt(others.length);
    expect(consumer.read().stats).toMatchObject({
      calls: { entries: { "-3": { total: 5n + cpus, delta: 5n + cpus } } },
      lag: { entries: { "-3": { value: -4n - cpus } } },
    });
    uses.set(-3, use(8n, 9n));
    expect(consumer.read().stats).toMatchObject({
      calls: { entries: { "-3": { total: 8n + cpus, delta: 3n } } },
      lag: { entries: { "-3": { value: 9n - cpus } } },
    });
    expect(statOf("calls")?.type).toEqual({ dict: "u64", key: "i64" });
  });

  it("notices a key that was deleted and came back between two readings", () => {
    const consumer = sampler.consumer();
    count("count_pid", 9n, 1n);
    consumer.read();
    count("forget_pid", 0n, 1n);
    count("count_pid", 4n, 1n);
    expect(entries(consumer.read(), "pid_stats")).toEqual({ 1: { total: 13n, delta: 4n } });
  });

  it("goes on with a key's total when it comes again, whoever met that it was away", () => {
    const [slow, quick] = [sampler.consumer(), sampler.consumer()];
    const read = (consumer: typeof slow) => entries(consumer.read(), "pid_stats")[7];
    count("count_pid", 100n, 7n);
    expect(read(slow)).toEqual({ total: 100n, delta: 100n });
    count("count_pid", 34n, 7n);
    expect(read(quick)).toEqual({ total: 134n, delta: 134n });
    count("forget_pid", 0n, 7n);
    expect(read(quick)).toEqual({ total: 134n, delta: 0n });
    expect(read(quick)).toBeUndefined();
    count("count_pid", 1n, 8n); // has its slot now
    expect(read(quick)).toBeUndefined();
    count("count_pid", 25n, 7n);
    expect(read(slow)).toEqual({ total: 159n, delta: 59n });
    expect(read(quick)).toEqual({ total: 159n, delta: 25n });
    expect(entries(sampler.totals(), "pid_stats")[7]?.total).toBe(159n);
    count("forget_pid", 0n, 7n);
    sampler.totals();
    count("count_pid", 1n, 7n); // at the reading that frees its slot
    expect(read(slow)).toEqual({ total: 160n, delta: 1n });
    // Nobody read while it was away.
    count("forget_pid", 0n, 7n);
    count("count_pid", 0n, 7n);
    expect(read(slow)).toEqual({ total: 160n, delta: 0n });
  });

  it("says how many keys are more than it follows, and counts the others", async () => {
    const object = await BpfObject.open(testObject("readers"));
    object.resize("pair_counters", 70_000);
    await using large = await object.load();
    const whole = new Sampler(large.stats, { intervalMs: 1e-6 });
    for (let node = 0; node < 65_536 + 3; node++) large.maps.pair_counters?.set({ name: "n", node }, 1n);
    large.run("count_event", { n: 2n, key: 1n });
    const said = logged();
    expect(whole.totals().stats.moved).toMatchObject({ total: 2n });
    const lost = expect.stringMatching(/^Map pair_counters has 3 keys more than can be followed/);
    expect(whole.problems.map(({ message }) => message)).toContainEqual(lost);
    whole.totals();
    expect(said.map(({ level, text }) => [level, text])).toEqual([["warn", lost]]); // once, though it lasts
  });

  it("is exact for a slow consumer too: what went between its readings is in its next one", () => {
    const [fast, slow, never] = [sampler.consumer(), sampler.consumer(), sampler.consumer()];
    const other = new Sampler(loaded.stats, { intervalMs: 1e-6 });
    const sums = new Map([fast, slow, never].map((consumer) => [consumer, 0n]));
    const add = (consumer: typeof fast) => {
      const deltas = Object.values(entries(consumer.read(), "pid_stats")).map(({ delta }) => delta as bigint);
      sums.set(
        consumer,
        deltas.reduce((sum, delta) => sum + delta, sums.get(consumer) ?? 0n),
      );
    };
    let seen = 0n;
    for (let key = 1n; key <= 40n; key++) {
      count("count_pid", key, key);
      seen += key;
      if (key % 4n === 0n)
        other.totals(); // another sampler of the same source
      else if (key % 4n === 1n) loaded.stats.by?.("cpu").read();
      else add(fast);
      count("count_pid", key, key);
      // What is counted after the last reading that meets a key goes with it.
      if (key % 8n === 0n) {
        other.totals();
        seen += key;
      }
      count("forget_pid", 0n, key);
      if (key % 10n === 0n) add(slow);
    }
    for (const consumer of sums.keys()) add(consumer);
    expect([...sums.values()]).toEqual([seen, seen, seen]);
    const once = Object.values(entries(never.read(), "pid_stats")).map(({ delta }) => delta as bigint);
    expect(once.every((delta) => delta === 0n)).toBe(true);
  });

  it("goes on with a key's total when it comes again with the next scheduler of a run", async () => {
    await using second = await (await BpfObject.open(testObject("readers"))).load();
    const run = new RunStats();
    run.follow(loaded.stats);
    const whole = new Sampler(run, { intervalMs: 1e-6 });
    const [quick, slow] = [whole.consumer(), whole.consumer()];
    const read = (consumer: typeof quick) => entries(consumer.read(), "pid_stats");
    count("count_pid", 5n, 10n);
    count("count_pid", 6n, 20n);
    count("count_pid", 7n, 30n);
    expect(read(quick)).toMatchObject({ 10: { total: 5n, delta: 5n }, 20: { total: 6n, delta: 6n } });
    count("count_pid", 1n, 10n);
    run.leave();
    expect(read(quick)).toMatchObject({ 10: { total: 6n, delta: 1n }, 20: { total: 6n, delta: 0n } });
    run.follow(second.stats);
    second.run("count_pid", { n: 2n, key: 20n }); // they may have each other's slots now
    second.run("count_pid", { n: 3n, key: 10n });
    expect(read(quick)).toEqual({ 10: { total: 9n, delta: 3n }, 20: { total: 8n, delta: 2n } });
    expect(read(slow)).toEqual({
      10: { total: 9n, delta: 9n },
      20: { total: 8n, delta: 8n },
      30: { total: 7n, delta: 7n },
    });
    second.run("count_pid", { n: 4n, key: 30n });
    expect(read(slow)).toMatchObject({ 10: { total: 9n, delta: 0n }, 30: { total: 11n, delta: 4n } });
  });

  it("keeps every event over a churn of keys", () => {
    const consumer = sampler.consumer();
    let truth = 0n;
    let seen = 0n;
    const add = () => {
      for (const value of Object.values(entries(consumer.read(), "pid_stats")))
        seen += (value as { delta: bigint }).delta;
    };
    for (let round = 0n; round < 200n; round++) {
      const key = round % 13n;
      count("count_pid", round, key);
      truth += round;
      if (round % 3n === 0n) add();
      if (round % 5n === 4n) {
        add();
        for (let old = 0n; old < 13n; old++) loaded.run("forget_pid", { n: 0n, key: old });
      }
    }
    add();
    expect(seen).toBe(truth);
  });
});
