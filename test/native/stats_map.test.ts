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

  it.each<[string, StatsMap["stats"], RegExp]>([
    ["a map that isn't there", { nobody: {} }, /no map or global "nobody"\.\nIt has .*event_stats.*nr_total/],
    ["a member that isn't there", { "place_stats.near": {} }, /no place_stats\.near .*\nThere is place_stats\.queued/],
    ["an entry past the end", { "event_stats[3]": {} }, /no event_stats\[3\]/],
    ["names that are too few", { event_stats: { names: ["a"] } }, /has 3 integers, and 1 names/],
    ["no place", { "a b": {} }, /"a b" is no place/],
  ])("refuses %s", async (_, stats, message) => {
    await expect(refused(stats)).rejects.toMatchObject({
      code: "ERR_SCX_STATS_MAP",
      message: expect.stringMatching(message),
    });
  });

  it.each([
    [[], /no object "stats"/],
    [{ name: 5, stats: {} }, /its name is no string/],
    [{ stats: { a: 1 } }, /a is no object/],
    [{ stats: { a: { knid: "gauge" } } }, /a has "knid"/],
    [{ stats: { a: { kind: "histogram" } } }, /a is of kind "histogram"/],
    [{ stats: { a: { desc: 5 } } }, /a\.desc is no string/],
    [{ stats: { a: { names: [1] } } }, /a\.names is no list/],
    [{ stats: { a: { labels: { b: 1 } } } }, /a\.labels are no texts/],
  ])("is checked: %j", (value, message) => {
    expect(() => checkStatsMap(value)).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_STATS_MAP", message: expect.stringMatching(message) }),
    );
  });
});
