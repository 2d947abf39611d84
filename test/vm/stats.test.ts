// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type CounterValue,
  runningScheduler,
  runningSchedulers,
  Sampler,
  schedExt,
} from "../../src/index.js";
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

/** The link that attaches the only scheduler; whose map it is of, older bpftools don't say. */
function schedulerLink(): number | undefined {
  const links = JSON.parse(execFileSync("bpftool", ["-j", "link", "show"], { encoding: "utf8" }));
  return (links as { id: number; type?: string }[]).find((link) => link.type === "struct_ops")?.id;
}

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
      const map = scheduler.maps.scx_stats;
      expect(scheduler.stats.schema.stats.map((stat) => stat.name)).toContain("local");
      scheduler.stats.refresh();
      const before = scheduler.stats.words[0] ?? 0n;
      const truth = bpftoolSums(map?.id ?? 0).local ?? 0n;
      scheduler.stats.refresh();
      expect(truth).toBeGreaterThanOrEqual(before);
      expect(scheduler.stats.words[0]).toBeGreaterThanOrEqual(truth);
      expect(schedExt.events()).toHaveProperty("SCX_EV_SELECT_CPU_FALLBACK");
      const sums: Record<string, bigint> = {};
      for (const cpu of (scheduler.maps.scx_stats?.get(0) ?? []) as Record<string, bigint>[])
        for (const [name, value] of Object.entries(cpu)) sums[name] = (sums[name] ?? 0n) + value;
      expect(sums.local).toBeGreaterThanOrEqual(truth);
      expect(() => scheduler.maps.scx_stats?.get("zero")).toThrowError(
        expect.objectContaining({ code: "ERR_SCX_VALUE" }),
      );
      expect(scheduler.maps.scx_stats).not.toHaveProperty("set");
      for (const [kind, id] of [
        ["map", scheduler.id],
        ["map", map?.id],
        ["link", schedulerLink()],
      ]) {
        const pin = `/sys/fs/bpf/scxkit-test-${kind}-${id}`;
        execFileSync("bpftool", [`${kind}`, "pin", "id", `${id}`, pin]);
        try {
          using pinned = runningScheduler(pin);
          expect([kind, pinned.id]).toEqual([kind, scheduler.id]);
        } finally {
          rmSync(pin);
        }
      }
      for (const [pin, code] of [
        ["/sys/fs/bpf/scxkit-nothing", "ERR_SCX_FILE_NOT_FOUND"],
        ["/etc/hostname", "ERR_SCX_USAGE"],
      ] as const)
        expect(() => runningScheduler(pin)).toThrowError(expect.objectContaining({ code }));
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
    const help = scxkit("stats", "--help-stats");
    expect(await help.end()).toBe(0);
    expect(help.lines).toContainEqual(expect.stringMatching(/^ {2}local +\(u64\) : tasks put straight/));
    const grouped = scxkit("stats", "--once", "--json", "--by", "cpu", "--by", "llc");
    expect(await grouped.end()).toBe(0);
    const { stats, by, interval } = JSON.parse(grouped.lines[0] ?? "{}");
    expect(grouped.stderr).not.toMatch(/can't be read/);
    // One reading is of all since the scheduler was loaded; who watches is told what came since it looked.
    const first = JSON.parse(watch.lines[0] ?? "{}");
    expect(stats.local.delta).toBe(stats.local.total);
    expect(interval).toBeGreaterThan(first.interval);
    expect(first.stats.local.delta).toBeLessThan(first.stats.local.total);
    for (const groups of [by.cpu, by.llc]) {
      const each = Object.values(groups) as { local: { total: number } }[];
      expect(each.reduce((sum, { local }) => sum + local.total, 0)).toBe(stats.local.total);
    }
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

describe("what each CPU counts", () => {
  const online = (cpu: number, on: boolean) =>
    writeFileSync(`/sys/devices/system/cpu/cpu${cpu}/online`, on ? "1" : "0");
  afterEach(() => online(1, true));

  it("stays where it was counted while CPUs go and come, and each consumer's deltas add up to it", async () => {
    await using loaded = await (await BpfObject.open(testObject("readers"))).load();
    const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["cpu", "llc"] });
    const consumer = sampler.consumer();
    const truth = [0n, 0n];
    const seen = [0n, 0n];
    const countOn = (cpu: number, n: bigint) => {
      execFileSync("taskset", ["-p", "-c", `${cpu}`, `${process.pid}`]);
      expect(loaded.run("count_event", { n, key: 1n }).status).toBe(0);
      truth[cpu] = (truth[cpu] ?? 0n) + n;
    };
    const check = () => {
      const { stats, by } = consumer.read();
      [0, 1].forEach((cpu) => {
        const moved = by?.cpu?.[cpu]?.moved as CounterValue;
        seen[cpu] = (seen[cpu] ?? 0n) + moved.delta;
        expect([cpu, moved.total, seen[cpu]]).toEqual([cpu, truth[cpu], truth[cpu]]);
      });
      const caches = Object.values(by?.llc ?? {}).map(({ moved }) => (moved as CounterValue).total);
      expect(caches.reduce((a, b) => a + b)).toBe((stats.moved as CounterValue).total);
      return Object.keys(by?.llc ?? {});
    };
    countOn(0, 3n);
    countOn(1, 5n);
    const caches = check();
    countOn(1, 100n);
    countOn(0, 1n);
    online(1, false);
    expect(check()).toEqual(caches);
    countOn(0, 10n);
    check();
    online(1, true);
    countOn(1, 1000n);
    expect(check()).toEqual(caches);
    execFileSync("taskset", ["-p", "-c", "0-1", `${process.pid}`]);
  });
});
