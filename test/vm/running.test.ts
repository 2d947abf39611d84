// SPDX-License-Identifier: MIT
// How schedulers that run are found, whoever loaded them, and what of theirs is.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CounterValue,
  inspectObject,
  runningScheduler,
  runningSchedulers,
  Sampler,
  schedExt,
} from "../../src/index.js";
import { testObject } from "../objects.js";
import { kernelIsFree, load, type Running, scxkit } from "./process.js";

const started: Running[] = [];
let work: Disposable;
beforeEach(() => {
  work = load();
});
afterEach(async () => {
  work[Symbol.dispose]();
  for (const run of started.splice(0)) run.kill("SIGKILL");
  await kernelIsFree();
});

/** Ends the scheduler that runs, and leaves its loader alone. */
const throwOut = () => writeFileSync("/proc/sysrq-trigger", "S");
const namesOf = () => {
  const all = runningSchedulers();
  for (const one of all) one.close();
  return all.map(({ name }) => name);
};

const start = async (...args: string[]): Promise<Running> => {
  const run = scxkit("run", ...args, "--json", "--stats", "0.3", "--socket", "none");
  started.push(run);
  await run.line(/"state":"enabled"/);
  return run;
};

describe("maps whose names are longer than the kernel keeps them", () => {
  it("are statistics by the names that their object has for them, as inspect says", async () => {
    await start(testObject("long_names"));
    const { stats } = await inspectObject(testObject("long_names"));
    using running = runningScheduler();
    const maps = ["cpu_latency_stats", "enqueue_place_stats", "enqueue_place_state", "fifteen_metrics"];
    expect(Object.keys(running.maps)).toEqual(expect.arrayContaining(maps));
    const sampler = new Sampler(running.stats, { intervalMs: 1e-6 });
    const names = sampler.schema.stats.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["short", "long", "endless", "near", "far", "fifteen_metrics"]));
    const inspected = stats?.stats.map(({ name }) => name) ?? [];
    expect(names.filter((name) => !inspected.includes(name))).toEqual([]);
    expect((sampler.totals().stats.far as CounterValue).total).toBeGreaterThan(0n);
    expect(sampler.problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^Map dispatch_queue_ is one of dispatch_queue_stats, dispatch_queue_counters/),
    ]);
  });
});

describe("programs beside the scheduler", () => {
  it("are its object's: what only they count is among its statistics", async () => {
    await start(testObject("long_names"));
    const { programs } = await inspectObject(testObject("long_names"));
    expect(programs.map(({ name }) => name)).toContain("long_names_switch");
    using running = runningScheduler();
    const { context_switch_stats, context_wakeup_cnt } = new Sampler(running.stats, { intervalMs: 1e-6 }).totals()
      .stats;
    expect((context_switch_stats as CounterValue).total).toBeGreaterThan(0n);
    expect((context_wakeup_cnt as CounterValue).total).toBeGreaterThan(0n);
  });
});

describe("a scheduler that was registered without a link", () => {
  afterEach(() => {
    if (schedExt.state() !== "disabled") throwOut();
  });

  it("is found by its map, until it has left, though it stays registered", async () => {
    const run = await start(testObject("unlinked"));
    expect(namesOf()).toEqual(["unlinked"]);
    using running = runningScheduler("unlinked");
    const sampler = new Sampler(running.stats, { intervalMs: 1e-6 });
    expect((sampler.totals().stats.enqueued_stats as CounterValue).total).toBeGreaterThan(0n);
    run.kill("SIGSTOP"); // it can't take it away
    throwOut();
    await running.stats.ended;
    await kernelIsFree();
    expect([running.stats.state(), namesOf()]).toEqual(["disabled", []]);
    run.kill("SIGCONT");
    await run.end();
  });
});

describe("a scheduler that has left", () => {
  it("isn't found any more, though its loader keeps its link, and another one runs", async () => {
    const stopped = await start(testObject("many"));
    expect(namesOf()).toEqual(["many"]);
    stopped.kill("SIGSTOP");
    throwOut();
    await kernelIsFree();
    expect(namesOf()).toEqual([]);
    expect(() => runningScheduler()).toThrowError(expect.objectContaining({ code: "ERR_SCX_NOT_RUNNING" }));
    await start("simple");
    expect(namesOf()).toEqual(["simple"]);
    using running = runningScheduler();
    expect(running.name).toBe("simple");
  });
});

it("a statistics map is heeded by the list and the records, too", async () => {
  const run = await start(testObject("long_names"));
  const map = join(mkdtempSync(join(tmpdir(), "scxkit-")), "map.json");
  writeFileSync(map, JSON.stringify({ stats: { "enqueue_place_stats.far": { name: "moved" } } }));
  const list = scxkit("stats", "--list", "--json", "--stats-map", map);
  expect([await list.end(), JSON.parse(list.lines[0] ?? "{}").stats]).toEqual([0, ["moved"]]);
  const all = scxkit("stats", "--all", "--group", "stats", "--json", "--stats-map", map);
  expect(await all.end()).toBe(0);
  const { entity, params } = JSON.parse(all.lines[0] ?? "{}");
  expect([entity, Object.keys(params)]).toEqual(["scheduler", ["stats.moved"]]);
  expect(params["stats.moved"]).toBeGreaterThan(0);
  run.kill("SIGINT");
  await run.end();
});

it("ticks that are missed are said, by who runs it and by who only looks", async () => {
  const run = await start("simple");
  const watch = scxkit("stats", "--json", "--stats", "0.3");
  started.push(watch);
  await watch.line(/"state":"enabled"/);
  for (const one of [run, watch]) {
    one.stderr = "";
    one.kill("SIGSTOP");
    await sleep(1500);
    const before = one.lines.length;
    one.kill("SIGCONT");
    await one.error(/^warn sampler: \d+ ticks? missed, /);
    await one.line(/"state":"enabled"/, before);
  }
});
