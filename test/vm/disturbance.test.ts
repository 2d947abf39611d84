// SPDX-License-Identifier: MIT
// What happens to a sound scheduler from outside: CPUs that come and go, SysRq, a stopped loader, little privilege, part of the
// tasks only.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { exitLines } from "../../src/cli/exit_text.js";
import { statusOfExit } from "../../src/cli/status.js";
import { BpfObject, Sampler, StatsClient, schedExt } from "../../src/index.js";
import { shippedObject } from "../objects.js";
import { from72, leave, startsAtOnce } from "./fault.js";
import { bpftoolSums, kernelIsFree, kernelState, load, scxkit, scxkitAs } from "./process.js";

const simple = shippedObject("simple");
const sampleLine = /"state":"enabled"/;

const cpu1 = (online: boolean) => writeFileSync("/sys/devices/system/cpu/cpu1/online", online ? "1" : "0");

afterEach(async () => {
  cpu1(true);
  await kernelIsFree();
  await startsAtOnce();
});

describe("a CPU", () => {
  const hotplug = {
    kind: "unreg_kern",
    number: 66,
    code: 0x1000100000000n,
    decoded: { user: 0, reason: "hotplug", action: "restart" },
    reason: "unregistered from the main kernel",
    stalled: undefined,
  };
  const text = "code 0x1000100000000 (reason hotplug, action restart)";

  it.each([
    ["goes", false, /^cpu 1 going offline/],
    ["comes", true, /^cpu 1 going online/],
  ])("that %s ends a scheduler that doesn't care for it, and asks for a restart", async (_, online, message) => {
    using _work = load();
    cpu1(!online);
    const seq = schedExt.hotplugSeq();
    const exit = await leave(simple, { during: () => cpu1(online) });
    expect(exit).toMatchObject(hotplug);
    expect(exit.message).toMatch(message);
    expect(exitLines(exit)[1]).toContain(text);
    expect(statusOfExit(exit)).toBe(0);
    expect(schedExt.hotplugSeq()).toBe(seq + 1n);
    expect(exit.cpu !== undefined).toBe(from72);
  });

  it("that went and came between load and attach does the same, after attaching", async () => {
    const exit = await leave(simple, {
      before: () => {
        cpu1(false);
        cpu1(true);
      },
    });
    expect(exit).toMatchObject(hotplug);
    expect(exit.message).toMatch(/^expected hotplug seq \d+ did not match actual \d+/);
  });
});

it("SysRq-S: the user's wish, status 0", async () => {
  using _work = load();
  const run = scxkit("run", "simple", "--json", "--socket", "none");
  await run.line(sampleLine);
  writeFileSync("/proc/sysrq-trigger", "S");
  expect([await run.end(), run.stderr]).toEqual([0, ""]);
  expect(JSON.parse(run.lines.at(-1) ?? "")).toEqual({
    exit: { kind: "sysrq", number: 67, code: 0, reason: "disabled by sysrq-S", message: "" },
  });
});

it("a loader that is stopped: its scheduler stays, and nothing is missing when it goes on", async () => {
  using _work = load();
  const run = scxkit("run", "simple", "--stats", "0.5", "--json", "--socket", "none");
  await run.line(sampleLine);
  // The pin shows the counters when the loader has ended.
  const pin = `/sys/fs/bpf/scxkit-${process.pid}`;
  execFileSync("bpftool", ["map", "pin", "name", "scx_stats", pin]);
  try {
    run.kill("SIGSTOP");
    while (!/\) T /.test(readFileSync(`/proc/${run.child.pid}/stat`, "utf8"))) await new Promise(setImmediate);
    const before = bpftoolSums(pin);
    let now = before;
    while ((now.global ?? 0n) < (before.global ?? 0n) + 20n) now = bpftoolSums(pin);
    expect([kernelState(), schedExt.running()]).toEqual(["enabled", "simple"]);
    const seen = run.lines.length;
    run.kill("SIGCONT");
    await run.line(sampleLine, seen);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    const samples = run.lines.slice(0, -1).map((line) => JSON.parse(line).stats);
    const truth = bpftoolSums(pin);
    for (const name of ["local", "global", "dispatched", "expired"]) {
      const sum = samples.reduce((all, stats) => all + stats[name].delta, 0);
      expect([name, samples.at(-1)[name].total, sum]).toEqual([name, Number(truth[name]), Number(truth[name])]);
    }
  } finally {
    run.kill("SIGKILL");
    rmSync(pin);
  }
});

it("switching partially: only tasks that ask for sched_ext are its business", async () => {
  using _work = load();
  const object = await BpfObject.open(simple);
  object.setOps("flags", "SWITCH_PARTIAL");
  await using loaded = await object.load();
  await using scheduler = await loaded.attach();
  const map = loaded.maps.scx_stats?.id ?? 0;
  const counted = () => Object.values(bpftoolSums(map)).reduce((sum, value) => sum + value, 0n);
  expect([kernelState(), readFileSync("/sys/kernel/sched_ext/switch_all", "utf8")]).toEqual(["enabled", "0\n"]);
  const samples = new Sampler(scheduler.stats, { intervalMs: 300 })[Symbol.asyncIterator]();
  await samples.next();
  await samples.next();
  expect(counted()).toBe(0n);
  // SCHED_EXT is 7 (include/uapi/linux/sched.h); chrt knows it in few builds.
  const script = `
import os, time
os.sched_setscheduler(0, 7, os.sched_param(0))
print("ready", flush=True)
while True: time.sleep(0.01)`;
  const task = spawn("python3", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(task.stdout, "data");
    let local = 0n;
    while (local < 10n) {
      const { value } = await samples.next();
      if (value?.stats.local && "total" in value.stats.local) local = value.stats.local.total;
    }
  } finally {
    task.kill("SIGKILL");
    await samples.return?.();
  }
  await scheduler.detach();
  expect(await scheduler.exited).toMatchObject({ kind: "unreg", number: 64 });
});

describe("a user with", () => {
  const withCaps = (caps: string[], ...args: string[]) => {
    const set = ["-all", ...caps].join(",");
    const who = ["--reuid=65534", "--regid=65534", "--clear-groups", `--inh-caps=${set}`, `--ambient-caps=${set}`];
    return scxkitAs([...who, "--no-new-privs"], ...args);
  };

  it.each([
    ["neither CAP_BPF nor CAP_PERFMON", [], "CAP_BPF and CAP_PERFMON"],
    ["CAP_BPF only", ["+bpf"], "CAP_PERFMON"],
    ["CAP_PERFMON only", ["+perfmon"], "CAP_BPF"],
  ])("%s can't, and is told what is missing: status 77", async (_, caps, missing) => {
    const run = withCaps(caps, "run", "simple", "--socket", "none");
    expect([await run.end(), run.lines]).toEqual([77, []]);
    expect(run.stderr).toMatch(new RegExp(`: ${missing} missing.*\\[ERR_SCX_PRIVILEGE\\]\n {2}.*\n$`));
  });

  it("CAP_BPF and CAP_PERFMON, and nothing else, runs one from load to exit, statistics served", async () => {
    using _work = load();
    const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
    chmodSync(folder, 0o777);
    const path = join(folder, "stats");
    const run = withCaps(["+bpf", "+perfmon"], "run", "simple", "--stats", "0.5", "--json", "--socket", path);
    await run.line(sampleLine);
    const client = await StatsClient.connect(path);
    expect(((await client.request("stats")) as Record<string, bigint>).local).toBeGreaterThan(0n);
    await client.close();
    run.kill("SIGINT");
    expect([await run.end(), run.stderr]).toEqual([0, ""]);
    expect(run.lines.at(-1)).toContain('"kind":"unreg","number":64');
  });
});
