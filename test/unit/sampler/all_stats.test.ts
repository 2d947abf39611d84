// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  allTarget,
  type BulkFlag,
  defineStats,
  getAllStats,
  iterateAllStats,
  type SampledScheduler,
  StatsClient,
  type StatsSchema,
  StatsServer,
  stat,
  totalsTarget,
  ValueSampler,
  type ValueSource,
} from "../../../src/index.js";

const schema: StatsSchema = {
  name: "simple_stats",
  stats: [
    { name: "local", kind: "counter" },
    { name: "busy", kind: "gauge" },
    { name: "waited", kind: "histogram", unit: "ns" },
    { name: "tasks", kind: "gauge", type: { dict: "i64", key: "u64" } },
  ],
};
const buckets = [0n, 2n, 1n, ...new Array<bigint>(61).fill(0n)];
const counts = { count: 3n, sum: 4n, buckets };

/** A scheduler as a sampler shows it. */
const simple = (scheduler = "simple"): SampledScheduler => ({
  scheduler,
  id: 42,
  schema,
  totals: () => ({
    at: 1n,
    interval: 1n,
    epoch: 0,
    scheduler,
    state: "enabled",
    stats: {
      local: { total: 2n ** 64n - 1n, delta: 1n },
      busy: { value: -1n },
      waited: { ...counts, delta: counts },
      tasks: { entries: { 7: { value: 3n } } },
    },
  }),
  by: (domain) => ({
    domain,
    groups: domain === "cpu" ? ["0", "9999"] : ["0-1"],
    stats: schema.stats,
    read: () =>
      domain === "cpu"
        ? {
            0: { local: 5n, busy: 2n ** 64n - 1n, waited: counts, tasks: { entries: { 7: 4n, 8: -1n } } },
            9999: {
              local: 0n,
              busy: 0n,
              waited: { count: 0n, sum: 0n, buckets: [] },
              tasks: { entries: { 7: 0n, 8: 0n } },
            },
          }
        : { "0-1": { local: 6n, busy: 0n } },
  }),
});

describe("the bulk call", () => {
  it("brings a record for each entity, with typed parameters under dotted names", async () => {
    const records = await getAllStats({ samplers: [simple()] });
    const of = (entity: string) => records.filter((record) => record.entity === entity);
    expect(Object.fromEntries(of("scheduler")[0]?.params ?? [])).toEqual({
      "stats.local": { kind: "counter", type: "u64", value: 2n ** 64n - 1n },
      "stats.busy": { kind: "gauge", type: "i64", value: -1n },
      "stats.waited.count": { kind: "counter", type: "u64", value: 3n },
      "stats.waited.sum": { kind: "counter", type: "u64", value: 4n },
      "stats.waited.bucket.1": { kind: "counter", type: "u64", value: 2n },
      "stats.waited.bucket.2": { kind: "counter", type: "u64", value: 1n },
      "stats.tasks.7": { kind: "gauge", type: "i64", value: 3n },
    });
    const cpu0 = of("cpu").find(({ name }) => name === "0");
    expect(cpu0?.params.get("cpu.0.busy")).toMatchObject({ kind: "counter", type: "u64", value: expect.any(BigInt) });
    expect(cpu0?.params.get("cpu.0.stats.simple.local")).toEqual({ kind: "counter", type: "u64", value: 5n });
    expect(cpu0?.params.get("cpu.0.stats.simple.busy")).toEqual({ kind: "gauge", type: "i64", value: -1n });
    expect(cpu0?.params.get("cpu.0.stats.simple.waited.bucket.1")).toEqual({ kind: "counter", type: "u64", value: 2n });
    expect(cpu0?.params.get("cpu.0.stats.simple.tasks.7")).toEqual({ kind: "gauge", type: "i64", value: 4n });
    expect(cpu0?.params.get("cpu.0.stats.simple.tasks.8")).toEqual({ kind: "gauge", type: "i64", value: -1n });
    expect(cpu0?.params.has("cpu.0.use")).toBe(false); // of a source that was never read before
    expect(of("cpu").map(({ name }) => name)).not.toContain("9999"); // never there, and counted nothing
    expect(of("host")[0]?.name).toBe(hostname());
    expect(of("process")[0]?.params.get("self.node")?.value).toBe(process.versions.node);
    const names = records.flatMap(({ params }) => [...params.keys()]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("brings only the groups and schedulers that are asked for", async () => {
    const samplers = [simple(), { ...simple("other"), id: 43 }];
    const records = await getAllStats({ groups: ["stats"], samplers, schedulers: [43] });
    expect(records.filter(({ entity }) => entity === "scheduler").map(({ name }) => name)).toEqual(["other"]);
    const names = records.flatMap(({ params }) => [...params.keys()]);
    expect(names.filter((name) => !/^stats\.|\.stats\.other\./.test(name))).toEqual([]);
  });

  it("refuses what there isn't", async () => {
    await expect(getAllStats({ groups: ["cpus"] })).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await expect(getAllStats({ flags: ["force" as BulkFlag] })).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await expect(getAllStats({ samplers: [simple()], schedulers: ["rusty"] })).rejects.toMatchObject({
      code: "ERR_SCX_NOT_RUNNING",
      message: 'No scheduler "rusty" runs.\nThere is simple.',
    });
  });

  it("says what can't be had, or fails with the flag enforce", async () => {
    const nothing: ValueSource = { name: "pressure", schema: { name: "none", stats: [] }, read: () => undefined };
    const sources = new Map([["pressure" as const, new ValueSampler(nothing, { intervalMs: 1 })]]);
    const [host] = await getAllStats({ groups: ["pressure"], samplers: [], sources });
    expect(host?.params.get("absent.pressure")?.value).toMatch(/pressure stall information/);
    await expect(
      getAllStats({ groups: ["pressure"], flags: ["enforce"], samplers: [], sources }),
    ).rejects.toMatchObject({ code: "ERR_SCX_UNSUPPORTED" });
  });

  it("is read a record at a time by who iterates", async () => {
    let read = 0;
    const totals = () => {
      read++;
      return simple().totals();
    };
    const counted = { ...simple(), totals };
    for await (const record of iterateAllStats({ groups: ["stats"], samplers: [simple(), counted] })) {
      expect(record.name).toBe("simple");
      break;
    }
    expect(read).toBe(0);
  });
});

describe("further targets", () => {
  const path = () => join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");

  it("all: typed records, shares of the time since the connection's last request", async () => {
    const where = path();
    await using _server = await StatsServer.listen({
      path: where,
      targets: { all: allTarget({ samplers: [simple()] }) },
    });
    await using client = await StatsClient.connect(where);
    interface All {
      at: bigint;
      records: { entity: string; name: string; counter: Record<string, bigint>; float: Record<string, number> }[];
    }
    const ask = async (args: object) => (await client.request("stats", { target: "all", ...args })) as unknown as All;
    const { records } = await ask({ groups: "stats, cpu" });
    expect(records[0]).toMatchObject({ entity: "scheduler", counter: { "stats.local": 2n ** 64n - 1n } });
    expect(records[1]?.float).toEqual({});
    let again = records;
    while (!("cpu.0.use" in (again[0]?.float ?? {}))) again = (await ask({ groups: "cpu" })).records; // a tick of 10 ms later
    expect(again[0]?.float["cpu.0.use"]).toBeLessThanOrEqual(1);
    await expect(ask({ groups: "cpus" })).rejects.toMatchObject({ errno: 22 });
    await expect(ask({ schedulers: "rusty" })).rejects.toThrow(/No scheduler "rusty" runs/);
    const meta = (await client.request("stats_meta")) as Record<string, object>;
    expect(Object.keys(meta)).toEqual(["scx_all", "scx_record"]);
  });

  it("of any group: totals as of its last reading", async () => {
    let moved = 5n;
    const source: ValueSource = {
      name: "mine",
      schema: defineStats("mine", { moved: stat.counter("tasks moved"), load: stat.float() }),
      read: () => ({ moved, load: 1 }),
    };
    const where = path();
    const sampler = new ValueSampler(source, { intervalMs: 0.001 });
    await using _server = await StatsServer.listen({ path: where, targets: { mine: totalsTarget(sampler) } });
    await using client = await StatsClient.connect(where);
    const ask = () => client.request("stats", { target: "mine" });
    expect(await ask()).toEqual({ at: expect.any(BigInt), moved: 5n, load: 1 });
    moved = 2n; // it began again
    expect(await ask()).toMatchObject({ moved: 7n });
    const meta = (await client.request("stats_meta")) as Record<string, { top?: string }>;
    expect(meta.mine).not.toHaveProperty("top");
  });
});

describe("samples of values", () => {
  it("are a scheduler's in shape, each consumer with its own deltas and interval", () => {
    let moved = 5n;
    const source: ValueSource = {
      name: "mine",
      schema: defineStats("mine", { moved: stat.counter() }),
      read: () => ({ moved }),
    };
    const running = () => ({ scheduler: "simple", state: "enabled", epoch: 2 });
    const sampler = new ValueSampler(source, { intervalMs: 1_000_000, running });
    const [consumer, slow] = [sampler.consumer(), sampler.consumer()];
    expect(consumer.read()).toEqual({
      at: expect.any(BigInt),
      interval: expect.any(BigInt),
      scheduler: "simple",
      state: "enabled",
      epoch: 2,
      stats: { moved: { total: 5n, delta: 0n } },
    });
    moved = 9n;
    expect(sampler.totals().stats.moved).toMatchObject({ total: 5n }); // as of the last reading
    sampler.refresh();
    const { stats, interval } = consumer.read();
    expect(stats.moved).toEqual({ total: 9n, delta: 4n });
    expect(interval).toBeGreaterThan(0n);
    moved = 10n;
    sampler.refresh();
    expect(slow.read().stats.moved).toEqual({ total: 10n, delta: 5n });
    expect(sampler.consumer().read().stats.moved).toEqual({ total: 10n, delta: 0n });
  });
});
