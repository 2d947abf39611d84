// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BpfObject, inspectObject, type StatsMap } from "../../../src/index.js";
import type { ObjectMap } from "../../../src/native/index.js";
import { planStats, type StatsPlace, schemaOf } from "../../../src/source/plan.js";
import { requireRows } from "../../../src/source/rows.js";
import { checkout, testObject } from "../../objects.js";
import { renamedSimple } from "../gen/object.js";

const opened: BpfObject[] = [];
const places: Record<string, StatsPlace> = {};
beforeAll(async () => {
  for (const name of ["readers", "count"]) {
    const object = await BpfObject.open(testObject(name));
    opened.push(object);
    places[name] = { btf: object.btf, ...object.describe() };
  }
});
afterAll(() => {
  for (const object of opened) object.close();
});

const readers = () => places.readers as StatsPlace;
const count = () => places.count as StatsPlace;
const namesOf = (place: StatsPlace[], stats?: StatsMap["stats"]) =>
  schemaOf(planStats(place, stats && { stats }), "").stats.map(({ name }) => name);
/** The same place with one map's shape changed, as a kernel or a damaged object may have it. */
const changed = (name: string, change: Partial<ObjectMap>): StatsPlace => ({
  ...readers(),
  maps: readers().maps.map((map) => (map.name === name ? { ...map, ...change } : map)),
});

describe("what an object counts, without a kernel", () => {
  it("is in the map that the header makes, though others before it keep the same struct", async () => {
    const { maps, ...place } = count();
    const declared = maps.find(({ name }) => name === "scx_stats") as ObjectMap;
    const [plan] = planStats([{ ...place, maps: [{ ...declared, name: "before" }, ...maps] }]).readers;
    expect(plan).toMatchObject({ name: "scx_stats", map: maps.indexOf(declared) + 1 });
  });

  it("is what inspect says, and where it is", async () => {
    const { stats, statPlaces, statProblems } = await inspectObject(testObject("readers"));
    const placeOf = (name: string) => statPlaces?.[stats?.stats.findIndex((stat) => stat.name === name) ?? -1];
    expect(stats?.name).toBe("readers");
    expect(statPlaces).toHaveLength(stats?.stats.length ?? 0);
    expect([placeOf("moved"), placeOf("far_moved_1_0"), placeOf("pid_stats")]).toEqual([
      { place: "event_stats[1]", storage: "percpu_array", declared: false },
      { place: "place_stats.far.moved[1][0]", storage: "percpu_array", declared: false },
      { place: "pid_stats", storage: "percpu_hash", declared: false },
    ]);
    expect([placeOf("remote"), placeOf("nr_total")]).toEqual([
      { place: "row_stats.remote", storage: "global, a row for each CPU", declared: false },
      { place: "nr_total", storage: "global", declared: false },
    ]);
    expect(statProblems).toEqual([
      expect.stringMatching(/^Map untyped_stats has values of 16 bytes without a BTF type/),
    ]);
    expect((await inspectObject(testObject("count"))).statPlaces?.[0]).toEqual({
      place: "scx_stats.events",
      storage: "percpu_array",
      declared: true,
    });
  });

  it("says what looks like statistics, and is left out", async () => {
    const { statProblems } = await inspectObject(testObject("odd_stats"));
    expect(statProblems).toEqual([
      "Map task_stats has 20480 integers, more than 16384, and is left out as a table.",
      "Of wide_stats, only the first 4096 integers are counted.",
      "Of packed_stats, low, high, either can't be counted: bitfields and unions are left out.",
      "share_stats has no integers of at most 64 bits, so nothing of it can be counted.",
      "Map waiting_stats is of type queue, which keeps no values to be counted.",
      "uneven_stats has integers of less than 64 bits among others, and is left out as no statistics.",
    ]);
  });

  it("says so of small integers, where others may stand as well, and of what has none", async () => {
    const { statProblems } = await inspectObject(testObject("guessed"));
    const small = ["cpu_ctxs.miss_cnt", "cpu_ctxs.lstats.near", "drop_stats", "nr_drops"];
    expect(statProblems).toEqual([
      ...small.map((name) => `${name} has integers of less than 64 bits, and is left out as no statistics.`),
      "load_stats has no integers of at most 64 bits, so nothing of it can be counted.",
    ]);
    const statsMap = { stats: Object.fromEntries(small.map((place) => [place, {}])) };
    const named = await inspectObject(testObject("guessed"), { statsMap });
    expect(named.stats?.stats).toHaveLength(1 + 2 + 4 + 1);
  });

  it("has the names of the enum that has most in common with the map's, where several fit", async () => {
    const { stats, statPlaces = [] } = await inspectObject(testObject("odd_stats"));
    const namesIn = (map: string) =>
      statPlaces.flatMap(({ place }, i) => (place.startsWith(`${map}[`) ? [stats?.stats[i]?.name] : []));
    expect(namesIn("left_stats")).toEqual(["p", "q", "r"]);
    expect(namesIn("right_stats")).toEqual(["x", "y", "z"]);
    expect(namesIn("other_stats")).toEqual(["other_stats_0", "other_stats_1", "other_stats_2"]);
  });

  it("follows a statistics map, whose places are those that inspect shows", async () => {
    const { stats, statPlaces = [] } = await inspectObject(testObject("readers"));
    const all = Object.fromEntries(statPlaces.map(({ place }, i) => [place, { name: `s${i}` }]));
    const named = await inspectObject(testObject("readers"), { statsMap: { name: "mine", stats: all } });
    expect(named.stats?.name).toBe("mine");
    expect(named.statPlaces?.map(({ place }) => place).sort()).toEqual(statPlaces.map(({ place }) => place).sort());
    expect(named.stats?.stats).toHaveLength(stats?.stats.length ?? 0);
  });
});

describe("a scheduler whose maps are of several objects", () => {
  it("has all that they count, each name once", () => {
    const both = namesOf([readers(), count()]);
    expect(both).toEqual([...namesOf([readers()]), ...namesOf([count()])]);
    const twice = namesOf([readers(), readers()]);
    expect(new Set(twice).size).toBe(twice.length);
    expect(twice).toContain("moved_2");
    const { stats } = schemaOf(planStats([readers(), readers()]), "");
    const families = stats.flatMap(({ family }) => (family ? [JSON.stringify(family)] : []));
    expect(families.length).toBeGreaterThan(2);
    expect(new Set(families).size).toBe(families.length);
  });

  it("has each place of a statistics map looked for where it is, and refused where it is in none", () => {
    expect(namesOf([count(), readers()], { nr_total: { name: "all" }, bss_u64: { name: "other" } }).sort()).toEqual([
      "all",
      "other",
    ]);
    expect(() => namesOf([count(), readers()], { nobody: {} })).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_STATS_MAP", message: expect.stringMatching(/"nobody".*\n.*nr_total/) }),
    );
  });
});

describe("what looks like statistics and can't be read", () => {
  const problemsOf = (place: StatsPlace) =>
    planStats([place]).problems.map(({ code, message }) => `${code} ${message}`);

  it.each<[string, string, Partial<ObjectMap>, RegExp]>([
    [
      "values larger than their type says",
      "place_stats",
      { valueSize: 48 },
      /META Map place_stats has values of 48 .* 40/,
    ],
    ["values without a type", "place_stats", { valueTypeId: 0 }, /NO_BTF Map place_stats has values of 40 bytes/],
    ["keys of another size", "pid_stats", { keySize: 8 }, /META Map pid_stats has keys of 8 bytes, .* u32 has 4/],
  ])("%s: is told, and the others are found", (_, name, change, problem) => {
    const place = changed(name, change);
    expect(problemsOf(place)).toContainEqual(expect.stringMatching(problem));
    const lost = planStats([readers()]).readers.find((plan) => plan.name === name)?.stats.length ?? 0;
    expect(namesOf([place])).toHaveLength(namesOf([readers()]).length - lost);
    expect(() => namesOf([place], { [name]: {} })).toThrowError(
      expect.objectContaining({ code: expect.stringMatching(/ERR_SCX_STATS_M/) }),
    );
  });

  it("keys of which no name can be made", () => {
    const { btf } = readers();
    const func = [...btf.ofKind("func_proto")][0]?.id ?? 0;
    const problems = problemsOf(changed("pid_stats", { keyTypeId: func, keySize: 0 }));
    expect(problems).toContainEqual(expect.stringMatching(/META Map pid_stats has keys of type .*no name can be made/));
  });

  it("values of 8 bytes without a type are counters all the same, as upstream's scx_simple has them", () => {
    expect(namesOf([changed("event_stats", { valueTypeId: 0, keyTypeId: 0 })])).toContain("moved");
  });

  it("a map of another type is none, which is told of one that is called so", () => {
    expect(namesOf([changed("event_stats", { typeName: "queue" })])).not.toContain("moved");
    expect(problemsOf(changed("event_stats", { typeName: "queue" }))).toContainEqual(
      expect.stringMatching(/META Map event_stats is of type queue/),
    );
    expect(problemsOf(changed("config", { typeName: "queue" }))).toEqual(problemsOf(readers()));
  });
});

it("rows for too few CPUs: says how to build the object", () => {
  const rows = { offset: 0, stride: 64, length: 0 };
  expect(() => requireRows("mine_stats", rows)).toThrowError(
    expect.objectContaining({
      code: "ERR_SCX_STATS_META",
      message: expect.stringMatching(/mine_stats has room for 0 CPUs.*\n.*-DSCX_STATS_CPUS=\d+/),
    }),
  );
});

it.each([
  ["queue=global", "queue=local", /Statistic simple_stats\.global and local are both enqueued\{queue="local"\}/],
  ["queue=global", "global", /Statistic simple_stats\.global has the label "global"/],
  ["queue=global", "scheduler=x", /has the label "scheduler=x"/],
  ["expired", "at", /Statistic simple_stats\.at is called as the time of a reading is/],
] as const)("a declared %s that is %s: is refused by name", async (from, to, message) => {
  const path = join(checkout, "build/test/plan/simple.bpf.o");
  await expect(inspectObject(renamedSimple(path, [[from, to]])).then(({ stats }) => stats)).rejects.toMatchObject({
    code: "ERR_SCX_STATS_META",
    message: expect.stringMatching(message),
  });
});
