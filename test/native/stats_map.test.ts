// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it } from "vitest";
import { BpfObject, checkStatsMap, type LoadedObject, Sampler, type StatsMap } from "../../src/index.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject | undefined;
afterEach(() => {
  loaded?.close();
  loaded = undefined;
});

async function sampled(stats: StatsMap["stats"], name?: string): Promise<Sampler> {
  const object = await BpfObject.open(testObject("readers"));
  loaded = await object.load({ statsMap: checkStatsMap({ stats, ...(name && { name }) }) });
  return new Sampler(loaded.stats, { intervalMs: 1e-6 });
}
const refused = (stats: StatsMap["stats"]) => sampled(stats).then((sampler) => sampler.schema);

describe("a statistics map", () => {
  it("is checked wherever it is given", async () => {
    const object = await BpfObject.open(testObject("readers"));
    await expect(
      object.load({ statsMap: { stats: { event_stats: { kind: "bogus" } } } as never }).then((one) => {
        loaded = one;
        return one.stats.schema;
      }),
    ).rejects.toMatchObject({ code: "ERR_SCX_STATS_MAP" });
  });

  it.each<[string, StatsMap["stats"], RegExp]>([
    ["one name twice", { event_stats: { names: ["a", "a", "b"] } }, /"a" is the name of two/],
    ["the time's name", { nr_total: { name: "at" } }, /"at" is the name of each reading's time/],
    ["an empty name", { event_stats: { names: ["", "a", "b"] } }, /names has an empty one/],
    ["percpu of a map", { event_stats: { percpu: true } }, /event_stats is a map/],
    ["a label that is ours", { nr_total: { family: "f", labels: { scheduler: "x" } } }, /the label "scheduler"/],
    ["a label that is none", { nr_total: { family: "f", labels: { "a b": "x" } } }, /the label "a b"/],
    [
      "the same series twice",
      {
        nr_total: { family: "f", labels: { type: "x" } },
        config: { kind: "counter", family: "f", labels: { type: "x" } },
      },
      /are both f\{type="x"\}/,
    ],
  ])("refuses %s", async (_, stats, message) => {
    await expect(refused(stats)).rejects.toMatchObject({
      code: "ERR_SCX_STATS_MAP",
      message: expect.stringMatching(message),
    });
  });

  it("gives entries with names of their own no index", async () => {
    const { schema } = await sampled({ event_stats: { names: ["a", "b", "c"] } });
    expect(schema.stats.map(({ family }) => family)).toEqual([undefined, undefined, undefined]);
  });

  it("leaves entries the names that their enum gives them", async () => {
    const { schema } = await sampled({
      event_stats: { desc: "what came to a task" },
      "cpu_ctxs.cstats[2]": { name: "cell2", family: "cell", labels: { cell: "2" } },
      "cpu_ctxs.cstats[0][1]": {},
      "latencies.slots[0]": { kind: "histogram" },
      plain_cnt: {},
    });
    expect(schema.stats.map(({ name }) => name)).toEqual([
      ...["woken", "moved", "kept"].map((name) => `event_stats_${name}`),
      ...["cpu_ctxs_cstats_cpu_released_0", "cell2_local", "cell2_cpu_released", "cell2_borrowed", "cell2_stolen"],
      "latencies_slots_0",
      ...["plain_cnt_0", "plain_cnt_1"],
    ]);
    const of = (name: string) => schema.stats.find((stat) => stat.name === name);
    expect(of("event_stats_moved")).toEqual({
      name: "event_stats_moved",
      kind: "counter",
      desc: "what came to a task",
    });
    expect(of("cell2_stolen")?.family).toEqual({ name: "cell", labels: { index: "stolen", cell: "2" } });
    expect(of("cpu_ctxs_cstats_cpu_released_0")?.family?.labels).toEqual({ index: "0" });
  });

  it("names what is read, and nothing else is", async () => {
    const sampler = await sampled(
      {
        event_stats: { names: ["a", "b", "c"] },
        "place_stats.far.moved[1]": { name: "far", unit: "tasks" },
        nr_total: { name: "all", desc: "everything", family: "tasks", labels: { type: "all" } },
        nr_delta: { kind: "counter" },
        pid_stats: { desc: "by pid" },
        "plain_cnt[1]": { name: "second", kind: "gauge" },
        config: {},
        row_stats: {},
      },
      "mine",
    );
    expect(sampler.schema.name).toBe("mine");
    const stats = Object.fromEntries(sampler.schema.stats.map((stat) => [stat.name, stat]));
    expect(Object.keys(stats).sort()).toEqual(
      ["a", "b", "c", "far_0", "far_1", "all", "nr_delta", "pid_stats", "second", "config"]
        .concat(["row_stats_local", "row_stats_remote"])
        .sort(),
    );
    expect(stats.all).toEqual({
      name: "all",
      kind: "counter",
      desc: "everything",
      family: { name: "tasks", labels: { type: "all" } },
    });
    expect([stats.nr_delta?.kind, stats.second?.kind, stats.pid_stats?.desc]).toEqual(["counter", "gauge", "by pid"]);
    const run = (program: string, n: bigint, key = 0n) => loaded?.run(program, { n, key });
    run("count_event", 4n, 1n);
    run("count_rest", 6n);
    run("count_place", 2n);
    expect(sampler.totals().stats).toMatchObject({
      b: { total: 4n },
      all: { total: 6n },
      second: { value: 6n },
      far_0: { total: 2n },
      row_stats_remote: { total: 12n },
    });
  });

  const observe = (n: bigint, kind: number) =>
    loaded?.run("observe", { n, kind, slot: n < 2n ? 0 : n.toString(2).length - 1 });

  it("makes histograms of others' arrays of buckets, and takes their sums from where they are", async () => {
    const sampler = await sampled({
      "latencies.slots": { kind: "histogram", name: "latency", unit: "ns", sum: "latencies.sum" },
      depths: { kind: "histogram", first: 0 },
    });
    const consumer = sampler.consumer();
    const values = [0n, 1n, 2n, 3n, 6n];
    for (const n of values) observe(n, 1);
    const buckets = (counts: Record<number, bigint>) => Array.from({ length: 64 }, (_, i) => counts[i] ?? 0n);
    // The first of latencies has zeros and ones, that of depths the zeros alone.
    const latency = { count: 5n, sum: 12n, buckets: buckets({ 1: 2n, 2: 2n, 3: 1n }) };
    // Reckoned: 0, 1, twice 2 of 2 and 3, 5 of 4 to 7.
    const depths = { count: 5n, sum: 10n, buckets: buckets({ 0: 1n, 1: 1n, 2: 2n, 3: 1n }) };
    const none = { count: 0n, sum: 0n, buckets: buckets({}) };
    expect(consumer.read().stats).toEqual({
      latency_0: { ...none, delta: none },
      latency_1: { ...latency, delta: latency },
      depths: { ...depths, delta: depths },
    });
    observe(6n, 0);
    const one = { count: 1n, sum: 6n, buckets: buckets({ 3: 1n }) };
    expect(consumer.read().stats).toMatchObject({ latency_0: { ...one, delta: one }, latency_1: { delta: none } });
    expect(sampler.schema.stats[0]).toEqual({
      name: "latency_0",
      kind: "histogram",
      unit: "ns",
      family: { name: "latency", labels: { index: "0" } },
    });
  });

  it("says whether rows are CPUs", async () => {
    const sampler = await sampled({ "node_table[5]": { name: "node5", percpu: false } });
    observe(7n, 0);
    expect(sampler.totals().stats).toEqual({ node5_0: { total: 0n, delta: 0n }, node5_1: { total: 7n, delta: 7n } });
  });

  it.each<[string, StatsMap["stats"], RegExp]>([
    ["a map that isn't there", { nobody: {} }, /no map or global "nobody"\.\nIt has .*event_stats.*nr_total/],
    ["a member that isn't there", { "place_stats.near": {} }, /no place_stats\.near .*\nThere is place_stats\.queued/],
    ["an entry past the end", { "event_stats[3]": {} }, /no event_stats\[3\]/],
    ["names that are too few", { event_stats: { names: ["a"] } }, /has 3 integers, and 1 names/],
    ["a map that holds no values", { waiting: {} }, /map waiting is of type queue, .*\n.*an array or a hash/],
    ["a map without a type", { untyped_stats: {} }, /Map untyped_stats has values of 16 bytes without a BTF type/],
    ["rows of what is no array", { nr_total: { percpu: true } }, /nr_total is no array/],
    [
      "a global that is per CPU and not",
      { "row_stats.local": {}, "row_stats[3]": { percpu: false } },
      /row_stats can't be per CPU and not/,
    ],
    ["a histogram that is no array", { nr_total: { kind: "histogram" } }, /nr_total is no array of buckets/],
    ["a histogram in a hash", { pid_stats: { kind: "histogram" } }, /pid_stats is in a hash/],
    [
      "a histogram with a sum that isn't there",
      { depths: { kind: "histogram", sum: "depth_summ" } },
      /no map or global "depth_summ"/,
    ],
    [
      "a histogram with a sum in another map",
      { depths: { kind: "histogram", sum: "latencies.sum[0]" } },
      /depths and its sum latencies\.sum\[0\] are not in one map/,
    ],
    [
      "histograms with sums that are too few",
      { "latencies.slots": { kind: "histogram", sum: "latencies.sum[0]" } },
      /has 2 histograms, and its sum latencies\.sum\[0\] 1 integers/,
    ],
    ["no place", { "a b": {} }, /"a b" is no place/],
  ])("refuses %s", async (_, stats, message) => {
    await expect(refused(stats)).rejects.toMatchObject({
      code: "ERR_SCX_STATS_MAP",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [[], /no object "stats"/],
    [{ name: 5, stats: {} }, /its name is no text/],
    [{ stats: { a: 1 } }, /a is no object/],
    [{ stats: { "a b": {} } }, /"a b" is no place/],
    [{ stats: { a: { kind: "histogram", sum: "[1]" } } }, /"\[1\]" is no place/],
    [{ stats: { a: { knid: "gauge" } } }, /a has "knid"/],
    [{ stats: {}, staats: {} }, /it has "staats"/],
    [{ stats: { a: { kind: "summary" } } }, /a is of kind "summary"/],
    [{ stats: { a: { first: 1 } } }, /a has "first"\.\nThat is for those of kind histogram/],
    [{ stats: { a: { kind: "histogram", first: 2 } } }, /a\.first is 2/],
    [{ stats: { a: { kind: "histogram", sum: 5 } } }, /a\.sum is no text/],
    [{ stats: { a: { kind: "histogram", names: ["b"] } } }, /a has names, and is a histogram/],
    [{ stats: { a: { name: "b", names: ["b"] } } }, /a has names, and a name/],
    [{ stats: { a: { percpu: 1 } } }, /a\.percpu is neither/],
    [{ stats: { a: { desc: 5 } } }, /a\.desc is no text/],
    [{ stats: { a: { names: [1] } } }, /a\.names is no list/],
    [{ stats: { a: { labels: { b: 1 } } } }, /a\.labels are no texts/],
    [{ stats: { a: { labels: { b: "c" } } } }, /a has labels and no family/],
  ])("is checked: %j", (value, message) => {
    expect(() => checkStatsMap(value)).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_STATS_MAP", message: expect.stringMatching(message) }),
    );
  });
});
