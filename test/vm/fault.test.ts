// SPDX-License-Identifier: MIT
// Schedulers that fail, one by one: the record of their exit, the command's status, and the kernel afterwards.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { exitLines } from "../../src/cli/exit_text.js";
import { statusOfExit } from "../../src/cli/status.js";
import { BpfObject, type ExitRecord } from "../../src/index.js";
import { testObject } from "../objects.js";
import { from72, leave, startsAtOnce } from "./fault.js";
import { kernelIsFree, load, scxkit } from "./process.js";

afterEach(async () => {
  await kernelIsFree();
  await startsAtOnce();
});

/** Tasks of a dump that it shows on the broken scheduler's queue 0. */
const waiting = (exit: ExitRecord) =>
  exit.parsed?.cpus.flatMap((cpu) => cpu.tasks).filter(({ dsq }) => dsq === 0n) ?? [];

/** Debian's 7.2.12 has a scx_bpf_exit_bstr() that can't be called: our headers make an error of it. */
const canExit = !/^7\.2\.12\+deb/.test(release());

/** What the kernel's exit code is without any. */
const noCode = { code: 0n, decoded: { user: 0, reason: undefined, action: undefined } };

describe("a scheduler that fails", () => {
  it("by scx_bpf_error: its text, and the CPU where the kernel knows it", async () => {
    using _work = load();
    const exit = await leave("scx_error", {
      globals: { fail_at: 10n },
      after: ({ globals }, { cpu, parsed }) => {
        const expected = from72 ? globals.failed_on : undefined;
        expect([cpu, parsed?.cpu]).toEqual([expected, expected]);
      },
    });
    expect(exit).toMatchObject({
      kind: "error_bpf",
      number: 1025,
      ...noCode,
      reason: "scx_bpf_error",
      message: "gave up at task 10 (as it was told)",
      stalled: undefined,
    });
    expect(exit.parsed?.backtrace.some((frame) => frame.includes("scx_error_enqueue"))).toBe(true);
    expect(statusOfExit(exit)).toBe(3);
    expect(exitLines(exit)[0]).toBe("EXIT: scx_bpf_error (gave up at task 10 (as it was told))");
  });

  it.each([
    [42n, { user: 42, reason: undefined, action: undefined }, "code 42"],
    [
      (1n << 48n) + 7n,
      { user: 7, reason: undefined, action: "restart" },
      "code 0x1000000000007 (user 7, action restart)",
    ],
  ])("in good order, with code %s of its own", async (user_code, decoded, text) => {
    using _work = load();
    const exit = await leave("user_exit", { globals: { exit_at: 10n, user_code } });
    expect(exit).toMatchObject({ message: "enough after 10 tasks", stalled: undefined });
    if (canExit) {
      expect(exit).toMatchObject({ kind: "unreg_bpf", number: 65, code: user_code, decoded });
      expect(exitLines(exit)[1]).toContain(text);
      expect(statusOfExit(exit)).toBe(0);
    } else {
      expect(exit).toMatchObject({ kind: "error_bpf", number: 1025, ...noCode });
    }
  });

  it("by a dispatch to a queue that doesn't exist: its number", async () => {
    using _work = load();
    const exit = await leave("bad_dsq");
    expect(exit).toMatchObject({ kind: "error", number: 1024, ...noCode, reason: "runtime error", stalled: undefined });
    expect(exit.message).toMatch(from72 ? /^non-existent DSQ 0xdead$/ : /^non-existent DSQ 0xdead for .*\[\d+\]$/);
    expect(exit.parsed?.cpus.length).toBeGreaterThan(0);
    expect([exit.cpu !== undefined, exit.cpu]).toEqual([from72, exit.parsed?.cpu]);
    expect(statusOfExit(exit)).toBe(3);
  });

  it("in its init, after attaching: its errno", async () => {
    const exit = await leave("init_fail", { mayLackDump: true });
    expect(exit).toMatchObject({ kind: "error", number: 1024, ...noCode, reason: "runtime error", stalled: undefined });
    expect(exit.message).toBe("ops.init() failed (-19)");
    expect(statusOfExit(exit)).toBe(3);
  });
});

describe("a scheduler that lets tasks wait", () => {
  it("all of them: the watchdog ends it, though the loader is frozen too", async () => {
    const exit = await leave("stall");
    expect(exit).toMatchObject({ kind: "error_stall", number: 1026, ...noCode, reason: "runnable task stall" });
    // Nobody got to run, the watchdog's own thread neither: the timer tick notices, and accuses no task.
    expect(exit.message).toMatch(/^watchdog failed to check in for \d+\.\d{3}s$/);
    expect(exit.stalled).toBeUndefined();
    expect(exit.uptime).toBeGreaterThan(2_000_000_000n);
    expect(waiting(exit).length).toBeGreaterThan(0);
    expect([exit.cpu !== undefined, exit.cpu]).toEqual([from72, exit.parsed?.cpu]);
    expect(statusOfExit(exit)).toBe(3);
  });

  it("all of them, under the command: status 3 and why", async () => {
    const run = scxkit("run", testObject("stall"), "--socket", "none", "--json");
    expect(await run.end()).toBe(3);
    expect(run.stderr).toMatch(/stall is given up/);
    expect(JSON.parse(run.lines.at(-1) ?? "")).toMatchObject({ exit: { kind: "error_stall", number: 1026, code: 0 } });
  });

  it("one of them: its name and pid", async () => {
    // printf, since echo would add a newline to the name; read, since a child of its would have the same name for a moment.
    const script = "printf starved >/proc/$$/comm; echo ready; while read -t 0.05; [ $? -gt 128 ]; do :; done";
    const task = spawn("bash", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      await once(task.stdout, "data");
      const exit = await leave("starve");
      expect(exit).toMatchObject({
        kind: "error_stall",
        number: 1026,
        ...noCode,
        reason: "runnable task stall",
        stalled: { comm: "starved", pid: task.pid },
        parsed: { stalled: exit.stalled },
      });
      expect(exit.stalled?.waitedMs).toBeGreaterThanOrEqual(2000);
      expect(exit.message).toMatch(new RegExp(`^starved\\[${task.pid}\\] failed to run for \\d+\\.\\d{3}s$`));
      expect(waiting(exit)).toEqual([
        expect.objectContaining({ comm: "starved", pid: task.pid, text: ["    starved: 1"] }),
      ]);
      expect([exit.cpu !== undefined, exit.cpu]).toEqual([from72, exit.parsed?.cpu]);
      expect(statusOfExit(exit)).toBe(3);
      expect(exitLines(exit)[0]).toContain(`starved[${task.pid}] failed to run for`);
    } finally {
      task.kill("SIGKILL");
    }
  });

  it("two hundred of them: the dump shows each, or says that it was cut off", async () => {
    const threads = `
import threading, time
def wake():
  while True: time.sleep(0.5)
for _ in range(200): threading.Thread(target=wake).start()
print("ready", flush=True)`;
    const tasks = spawn("python3", ["-c", threads], { stdio: ["ignore", "pipe", "ignore"] });
    try {
      await once(tasks.stdout, "data");
      const all = readdirSync(`/proc/${tasks.pid}/task`).map(Number);
      const sleepers = all.filter((pid) => pid !== tasks.pid);
      expect(sleepers.length).toBe(200);
      const whole = await leave("stall", { ops: { exit_dump_len: 1 << 20 } });
      expect(whole.parsed).toMatchObject({ truncated: false });
      // The patterns of the parser aside: what begins a task's part, and nothing else does.
      const heads = [...whole.dump.matchAll(/^ [ *]\S .*\[(\d+)\].* [+-]\d+ms$/gm)].map(([, pid]) => Number(pid));
      const found = whole.parsed?.cpus.flatMap((cpu) => cpu.tasks) ?? [];
      expect(found.map(({ pid }) => pid)).toEqual(heads);
      expect(waiting(whole).map(({ pid }) => pid)).toEqual(expect.arrayContaining(sleepers));
      for (const cpu of whole.parsed?.cpus ?? []) {
        expect(cpu.tasks.length).toBe(cpu.nrRun);
        for (const task of cpu.tasks) expect(task).toMatchObject({ text: [], fields: { weight: expect.any(String) } });
      }

      const cut = await leave("stall", { ops: { exit_dump_len: 8192 } });
      expect(cut.dump.length).toBeLessThanOrEqual(8192);
      expect(cut.parsed).toMatchObject({ truncated: true });
      expect(waiting(cut).length).toBeGreaterThan(5);
      expect(waiting(cut).length).toBeLessThan(200);
    } finally {
      tasks.kill("SIGKILL");
    }
  });

  it("though its object calls no kfunc: libbpf 1.4 can't make room for a dump then", async () => {
    const exit = await leave("no_dispatch", { mayLackDump: true });
    expect(exit).toMatchObject({ kind: "error_stall", number: 1026, reason: "runnable task stall" });
  });
});

describe("a scheduler that the kernel doesn't take", () => {
  it("for a function that it lacks: the function's name, status 65", async () => {
    const error = await (await BpfObject.open(testObject("missing_kfunc"))).load().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "ScxError", code: "ERR_SCX_KERNEL_LACKS", op: "load" });
    expect((error as Error).message).toContain("scx_bpf_no_such_function");
    const run = scxkit("run", testObject("missing_kfunc"), "--socket", "none");
    expect([await run.end(), run.lines]).toEqual([65, []]);
    expect(run.stderr).toMatch(/scx_bpf_no_such_function.*\[ERR_SCX_KERNEL_LACKS\]\n {2}.*\n$/);
  });

  it("but for a callback and a setting that it lacks: they are left out, with a warning", async () => {
    using _work = load();
    const run = scxkit("run", testObject("future_ops"), "--socket", "none", "--duration", "1", "--json");
    expect(await run.end()).toBe(0);
    expect(run.stderr).toMatch(/from_the_future/);
    expect(run.stderr).toMatch(/future_setting/);
    expect(JSON.parse(run.lines.at(-1) ?? "")).toMatchObject({ exit: { kind: "unreg", number: 64 } });
  });

  it.each([
    ["timeout_ms", 40000, /at most 30000/],
    ["flags", 1n << 40n, /Check ops\.flags/],
  ])("for ops.%s = %s", async (field, value, why) => {
    const object = await BpfObject.open(testObject("user_exit"));
    object.ops[field] = value;
    await using loaded = await object.load();
    const error = await loaded.attach().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "ScxError", code: "ERR_SCX_ATTACH", op: "attach" });
    expect((error as Error).message).toMatch(why);
    expect(readFileSync("/sys/kernel/sched_ext/state", "utf8")).toBe("disabled\n");
  });
});
