// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDump, stalledTask } from "../../../src/scheduler/dump.js";

/** Dumps as the kernel wrote them, of the broken schedulers in test/bpf. */
const golden = (name: string) => readFileSync(new URL(`../../golden/exit-dump/${name}.txt`, import.meta.url), "utf8");

describe("a debug dump", () => {
  it.each(["6.16", "6.18", "7.2"])("of a starved task, on %s", (kernel) => {
    const dump = parseDump(golden(`${kernel}-starve`));
    expect(dump).toMatchObject({ number: 1026, stalled: { comm: "starved" }, truncated: false });
    expect(dump.trigger?.comm).toMatch(/^kworker/);
    expect(dump.reason).toMatch(/^runnable task stall \(starved\[\d+\] failed to run for/);
    expect(dump.backtrace[0]).toMatch(/^\w+\+0x/);
    const tasks = dump.cpus.flatMap((cpu) => cpu.tasks);
    const starved = tasks.find((task) => task.pid === dump.stalled?.pid);
    expect(starved).toMatchObject({ comm: "starved", state: "R", current: false, dsq: 0n, text: ["    starved: 1"] });
    expect(starved?.runnableMs).toBe(-(dump.stalled?.waitedMs ?? 0));
    expect(starved?.fields).toMatchObject({ weight: "100", "sticky/holding_cpu": "-1/-1", cpus: "3" });
    expect(starved?.stack[0]).toMatch(/^\w+\+0x/);
    expect(tasks.filter((task) => task.current).every((task) => task.dsq === undefined)).toBe(true);
    for (const cpu of dump.cpus) {
      expect(cpu.nrRun).toBe(cpu.tasks.length);
      expect(cpu.current?.class).toMatch(/_sched_class$/);
      expect(cpu.fields).toMatchObject({ flags: "0x1", cpu_rel: "0" });
      expect(cpu.text).toEqual([]);
    }
  });

  it("of a total stall accuses nobody", () => {
    for (const kernel of ["6.18", "7.2"]) {
      const dump = parseDump(golden(`${kernel}-stall`));
      expect(dump.reason).toMatch(/^runnable task stall \(watchdog failed to check in/);
      expect(dump.stalled).toBeUndefined();
      expect(dump.cpus.map(({ cpu }) => cpu)).toEqual([0, 1]);
      expect(dump.cpus[0]?.current).toEqual({ comm: "swapper/0", pid: 0, class: "idle_sched_class" });
    }
  });

  it("of 7.2 says the CPU, the scheduler and the events", () => {
    const dump = parseDump(golden("7.2-stall"));
    expect(dump).toMatchObject({ cpu: 0, text: ["stall: root"], events: { SCX_EV_BYPASS_ACTIVATE: 1n } });
    expect(dump.cpus[0]?.tasks[0]).toMatchObject({ scheduler: "root", comm: "rcu_preempt", pid: 15 });
  });

  it("holds every line in one place", () => {
    for (const name of ["6.16-starve", "6.18-starve", "6.18-stall", "7.2-starve", "7.2-stall"]) {
      const dump = parseDump(golden(name));
      expect([name, dump.text.filter((line) => !/^\w+: root$/.test(line))]).toEqual([name, []]);
    }
  });

  it("keeps what the scheduler printed itself, whatever it looks like", () => {
    const dump = parseDump(
      [
        "a b[c] [7] triggered exit kind 1025:\n  scx_bpf_error (no)\n\nBacktrace:\n  f+0x1/0x2 [m]\n\nload: a=1\n",
        "CPU states\n----------\n\nCPU 0   : nr_run=1 flags=0x0\n          curr=a b[1] [7] class=ext_sched_class",
        "          cpus_to_kick   : 3\n  nr_run=9\n",
        " *R a b[1] [7] +0ms\n      dsq_id=(n/a)\n      news=1 of it\n\n    __proto__=x\n    weight=1\n\n    f+0x1/0x2",
      ].join("\n"),
    );
    expect(dump).toMatchObject({
      trigger: { comm: "a b[c] ", pid: 7 },
      backtrace: ["f+0x1/0x2 [m]"],
      text: ["load: a=1"],
    });
    const [cpu] = dump.cpus;
    expect(cpu).toMatchObject({ nrRun: 1, current: { comm: "a b[1] ", pid: 7, class: "ext_sched_class" } });
    expect(cpu?.text).toEqual(["          cpus_to_kick   : 3", "  nr_run=9"]);
    expect(cpu?.tasks).toEqual([
      {
        ...{ comm: "a b[1] ", pid: 7, state: "R", current: true, runnableMs: 0 },
        ...{ fields: { dsq_id: "(n/a)" }, stack: ["f+0x1/0x2"] },
        text: ["      news=1 of it", "    __proto__=x", "    weight=1"],
      },
    ]);
  });

  it("may be empty, end anywhere, or be anything", () => {
    expect(parseDump("")).toEqual({ reason: "", backtrace: [], cpus: [], events: {}, truncated: false, text: [] });
    const whole = golden("7.2-starve");
    for (let end = 0; end < whole.length; end += 7) parseDump(whole.slice(0, end));
    expect(parseDump(`${whole.slice(0, 900)}\n\n~~~~ TRUNCATED ~~~~\n`).truncated).toBe(true);
    const bytes = Uint8Array.from({ length: 65536 }, (_, i) => (i * i * 31 + i * 7) & 0xff);
    expect(parseDump(new TextDecoder().decode(bytes)).cpus).toEqual([]);
  });

  it.each([
    ["one long line", "[1".repeat(1_000_000)],
    ["a task's name without end", `CPU 0 : nr_run=1\n R ${"[1] ".repeat(500_000)}`],
    ["many names", `CPU 0 : nr_run=1\n${` R ${"[1] x".repeat(100)}\n`.repeat(4000)}`],
    ["many tasks", `CPU 0 : nr_run=1\n${" *R x[1] *root +0ms\n".repeat(100_000)}`],
    ["many pairs", `CPU 0 : nr_run=1\n R x[1] +0ms\n      ${"a=1 ".repeat(500_000)}`],
  ])("takes no time to speak of: %s", (_, text) => {
    const began = performance.now();
    parseDump(text);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

it("a stall's message of any length is read", () => {
  expect(stalledTask("x[1".repeat(1_000_000))).toBeUndefined();
  expect(stalledTask("[0] failed to run for 30.000s")).toEqual({ comm: "", pid: 0, waitedMs: 30000 });
});
