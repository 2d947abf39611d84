// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runningScheduler, runningSchedulers, schedExt } from "../../src/index.js";
import { testObject } from "../objects.js";
import { bpftoolSums, kernelIsFree, load, type Running, scxkit, unprivileged } from "./process.js";

const started: Running[] = [];
afterEach(async () => {
  for (const run of started.splice(0)) run.kill("SIGKILL");
  await kernelIsFree();
});

let work: Disposable;
beforeEach(() => {
  work = load();
  return () => work[Symbol.dispose]();
});

const start = async (...args: string[]): Promise<Running> => {
  const run = scxkit("run", ...args, "--json", "--stats", "0.3", "--socket", "none");
  started.push(run);
  await run.line(/"state":"enabled"/);
  return run;
};
const stop = async (run: Running) => {
  run.kill("SIGINT");
  await run.end();
};

describe("a scheduler that another process runs", () => {
  it("is found, with its callbacks, maps and what they count", async () => {
    const run = await start("simple");
    {
      using scheduler = runningScheduler();
      expect(scheduler.name).toBe("simple");
      expect(scheduler.callbacks).toMatchObject({ enqueue: expect.stringMatching(/^simple_enqueue/) });
      const map = scheduler.maps.find((one) => one.name === "scx_stats");
      expect(scheduler.stats.schema.stats.map((stat) => stat.name)).toContain("local");
      scheduler.stats.refresh();
      const before = scheduler.stats.words[0] ?? 0n;
      const truth = bpftoolSums(map?.id ?? 0).local ?? 0n;
      scheduler.stats.refresh();
      expect(truth).toBeGreaterThanOrEqual(before);
      expect(scheduler.stats.words[0]).toBeGreaterThanOrEqual(truth);
      expect(schedExt.events()).toHaveProperty("SCX_EV_SELECT_CPU_FALLBACK");
      const all = runningSchedulers();
      for (const one of all) one.close();
      expect(all.map((one) => one.id)).toEqual([scheduler.id]);
      expect(() => runningScheduler("other")).toThrowError(expect.objectContaining({ code: "ERR_SCX_NOT_RUNNING" }));
      await stop(run);
      await scheduler.stats.ended;
      expect(scheduler.stats.state()).toBe("disabled");
    }
  });

  it("scxkit stats: rows until it leaves, one reading, or what there is", async () => {
    const run = await start("simple");
    const watch = scxkit("stats", "--json", "--stats", "0.2");
    await watch.line(/"scheduler":"simple","state":"enabled"/);
    const once = scxkit("stats", "simple", "--once");
    expect(await once.end()).toBe(0);
    expect(once.lines[0]).toMatch(/^TIME +SCHEDULER +STATE +local/);
    const list = scxkit("stats", "--list");
    expect(await list.end()).toBe(0);
    expect(list.lines.join("\n")).toMatch(
      /^simple \(struct_ops map \d+\): enabled\nCallbacks\n[\s\S]*Events of sched_ext\n {2}SCX_EV_/,
    );
    await stop(run);
    expect(await watch.end()).toBe(0);
    expect(JSON.parse(watch.lines.at(-1) ?? "{}").state).toBe("disabled");
  });

  it("says so when there is none, or when it may not look", async () => {
    const none = scxkit("stats");
    expect(await none.end()).toBe(69);
    expect(none.stderr).toMatch(/No scheduler runs.*\[ERR_SCX_NOT_RUNNING\]/);
    const run = await start(testObject("user_exit"), "--set", "exit_at=1000000000");
    const denied = unprivileged("stats");
    expect(await denied.end()).toBe(77);
    expect(denied.stderr).toMatch(/CAP_SYS_ADMIN/);
    await stop(run);
  });
});
