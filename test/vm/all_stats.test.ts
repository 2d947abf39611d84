// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { getAllStats, StatsClient, schedExt } from "../../src/index.js";
import { openSimple } from "../../src/schedulers/simple.js";
import { EventsSource } from "../../src/source/events.js";
import { kernelIsFree, load, type Running, scxkit, unprivileged } from "./process.js";

const socket = "/var/run/scx/root/stats";

const started: Running[] = [];
afterEach(async () => {
  for (const run of started.splice(0)) run.kill("SIGKILL");
  await kernelIsFree();
});

const start = async (...args: string[]): Promise<Running> => {
  const run = scxkit("run", "simple", "--json", ...args);
  started.push(run);
  await run.line(/"state":"enabled"/);
  return run;
};

const sysfs = (file: string) => readFileSync(`/sys/kernel/sched_ext/${file}`, "utf8").trim();

describe("everything at once", () => {
  it("of a scheduler that runs, by the library, the command and the socket", async () => {
    using _work = load();
    const run = await start();

    const records = await getAllStats();
    const simple = records.find(({ entity }) => entity === "scheduler");
    expect(simple?.name).toBe("simple");
    expect(simple?.params.get("stats.local")).toMatchObject({
      kind: "counter",
      type: "u64",
      value: expect.any(BigInt),
    });
    const local = simple?.params.get("stats.local")?.value as bigint;
    expect(local).toBeGreaterThan(0n);
    const events = [...sysfs("root/events").matchAll(/^(\w+) /gm)].map(([, name]) => `events.${name}`);
    expect([...(simple?.params.keys() ?? [])].filter((name) => name.startsWith("events."))).toEqual(events);
    const cpus = records.filter(({ entity }) => entity === "cpu");
    const counted = cpus.map(({ name, params }) => params.get(`cpu.${name}.stats.simple.local`)?.value as bigint);
    expect(counted.reduce((sum, one) => sum + one, 0n)).toBeGreaterThanOrEqual(local);
    const host = records.find(({ entity }) => entity === "host")?.params;
    expect(host?.get("state.state")?.value).toBe("enabled");
    expect(host?.get("state.enable_seq")?.value).toBe(BigInt(sysfs("enable_seq")));

    const shown = scxkit("stats", "simple", "--all", "--group", "stats", "--json");
    expect(await shown.end()).toBe(0);
    const lines = shown.lines.map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ entity: "scheduler", name: "simple" });
    expect(lines[0].params["stats.local"]).toBeGreaterThanOrEqual(Number(local));
    const wrong = scxkit("stats", "rusty", "--all");
    expect(await wrong.end()).toBe(69);
    expect(wrong.stderr).toMatch(/No scheduler "rusty" runs/);

    await using client = await StatsClient.connect(socket);
    const all = (await client.request("stats", { target: "all", groups: "stats,state" })) as unknown as {
      records: { entity: string; name: string; counter: Record<string, bigint>; string: Record<string, string> }[];
    };
    expect(all.records[0]).toMatchObject({ entity: "scheduler", name: "simple" });
    expect(all.records[0]?.counter["stats.local"]).toBeGreaterThanOrEqual(local);
    expect(all.records.at(-1)?.string["state.ops"]).toBe("simple");
    expect(await client.request("stats", { target: "state" })).toMatchObject({ state: "enabled", ops: "simple" });
    const counts = (await client.request("stats", { target: "events" })) as Record<string, bigint>;
    expect(Object.keys(counts).toSorted()).toEqual(["at", ...events.map((name) => name.slice(7))].toSorted());
    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
  });

  it("without privilege: what everybody may read, and why the rest is absent", async () => {
    await start("--socket", "none");
    const shown = unprivileged("stats", "--all", "--json");
    expect(await shown.end()).toBe(0);
    const records = shown.lines.map((line) => JSON.parse(line));
    expect(records[0]).toMatchObject({ entity: "scheduler", name: "simple" });
    expect(Object.keys(records[0].params).every((name) => name.startsWith("events."))).toBe(true);
    expect(records.find(({ entity }) => entity === "host").params["absent.stats"]).toMatch(/can't be listed/);
    const enforced = unprivileged("stats", "--all", "--enforce");
    expect(await enforced.end()).toBe(77);
  });

  it("the kernel's own counts of one scheduler behind the other's, whichever has more", async () => {
    let now = schedExt.schedulerEvents();
    const source = new EventsSource(() => {
      now = schedExt.schedulerEvents();
      return now;
    });
    const before: Record<string, bigint> = {};
    const seen = new Set<bigint | undefined>();
    for (const turn of [1, 2, 3]) {
      await using loaded = await (await openSimple()).load();
      const scheduler = await loaded.attach();
      for (let reading = 0; reading < 3; reading++) {
        const counts = source.read() as Record<string, bigint>;
        expect(counts.SCX_EV_BYPASS_ACTIVATE).toBeGreaterThanOrEqual(turn);
        for (const [name, count] of Object.entries(now.events)) expect(counts[name]).toBe(count + (before[name] ?? 0n));
      }
      seen.add(now.scheduler);
      for (const [name, count] of Object.entries(now.events)) before[name] = (before[name] ?? 0n) + count;
      await scheduler.detach();
      expect(source.read()).toBeUndefined();
    }
    expect(seen.size).toBe(3);
  });

  it("without a scheduler", async () => {
    const records = await getAllStats({ groups: ["state", "events", "stats"] });
    expect(records.map(({ entity }) => entity)).toEqual(["host"]);
    expect(records[0]?.params.get("state.state")?.value).toBe("disabled");
  });
});
