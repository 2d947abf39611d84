// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type ExitRecord,
  type Sample,
  Sampler,
  StatsClient,
  schedExt,
  superviseScheduler,
} from "../../src/index.js";
import { shippedObject, testObject } from "../objects.js";
import { bpftoolSums, kernelIsFree, kernelState, load, type Running, scxkit, scxkitAs } from "./process.js";

afterEach(kernelIsFree);

let work: Disposable;
beforeEach(() => {
  work = load();
  return () => work[Symbol.dispose]();
});

const setCpu1 = (online: boolean) => writeFileSync("/sys/devices/system/cpu/cpu1/online", online ? "1" : "0");
const cycleCpu1 = () => {
  setCpu1(false);
  setCpu1(true);
};

interface JsonSample {
  epoch: number;
  scheduler: string;
  state: string;
  stats: Record<string, { total: number; delta: number }>;
}
const samplesOf = (run: Running): JsonSample[] =>
  run.lines.filter((line) => line.startsWith('{"at"')).map((line) => JSON.parse(line) as JsonSample);
const exitsOf = (run: Running): { kind: string; message: string }[] =>
  run.lines.filter((line) => line.startsWith('{"exit"')).map((line) => JSON.parse(line).exit);

/** Each counter's totals never go down, and its deltas add up to the last. */
function expectNothingLost(samples: readonly JsonSample[], name: string): void {
  let total = 0;
  for (const sample of samples) {
    const { total: next = 0, delta = 0 } = sample.stats[name] ?? {};
    expect(next).toBe(total + delta);
    total = next;
  }
  expect(total).toBeGreaterThan(0);
}

describe("scxkit run looks after its scheduler", () => {
  it("restarts it whenever a CPU comes or goes; totals go on", async () => {
    const run = scxkit("run", "simple", "--json", "--stats", "0.3", "--socket", "none");
    await run.line(/"epoch":0.*"state":"enabled"/);
    const before = schedExt.enableSeq();
    cycleCpu1();
    await run.line(/"epoch":[1-9].*"state":"enabled"/);
    expect(schedExt.enableSeq()).toBeGreaterThan(before);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    const exits = exitsOf(run);
    expect(exits.length).toBeGreaterThanOrEqual(2);
    expect(exits.at(-1)?.kind).toBe("unreg");
    for (const exit of exits.slice(0, -1)) expect(exit.kind).toBe("unreg_kern");
    expect(run.stderr).toMatch(/warn scheduler: restarting simple/);
    const samples = samplesOf(run);
    expectNothingLost(samples, "local");
    // Each scheduler's exit comes after all that it counted.
    let exited = 0;
    for (const line of run.lines) {
      if (line.startsWith('{"exit"')) exited++;
      else {
        const { epoch, state, stats } = JSON.parse(line) as JsonSample;
        if (epoch < exited) expect([epoch, state, stats.local?.delta]).toEqual([exited - 1, "disabled", 0]);
      }
    }
    expect(exited).toBe((samples.at(-1)?.epoch ?? 0) + 1);
  });

  it("restarts one that keeps no exit information, as the CPUs say why it left", async () => {
    const run = scxkit("run", testObject("no_exit_info"), "--json", "--stats", "0.3", "--socket", "none");
    await run.line(/"epoch":0.*"state":"enabled"/);
    cycleCpu1();
    await run.line(/"epoch":[1-9].*"state":"enabled"/);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    expect(exitsOf(run)[0]?.kind).toBe("unreg_kern");
  });

  it("restarts after failures as far as it is told, then falls back, and says so", async () => {
    const run = scxkit(
      ...["run", testObject("scx_error"), "--set", "fail_at=20", "--json", "--stats", "0.3", "--socket", "none"],
      ...["--restart", "on-failure", "--restart-limit", "1/60", "--restart-delay", "0.01", "--fallback", "simple"],
    );
    await run.line(/"scheduler":"simple","state":"enabled"/);
    expect(schedExt.running()).toBe("simple");
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    expect(exitsOf(run).map((exit) => exit.kind)).toEqual(["error_bpf", "error_bpf", "unreg"]);
    expect(run.stderr).toMatch(/warn scheduler: restarting scx_error in 0\.0 s: 1 of 1 within 60 s\n/);
    expect(run.stderr).toMatch(/error scheduler: scx_error is given up; falling back to simple\n/);
    expect(samplesOf(run).map((sample) => `${sample.epoch} ${sample.scheduler}`)).toEqual(
      expect.arrayContaining(["0 scx_error", "1 scx_error", "2 simple"]),
    );
  });

  it("ends with status 3 when the last of the chain has failed", async () => {
    const fail = ["--set", "fail_at=20", "--socket", "none", "--fallback", testObject("init_fail")];
    const run = scxkit("run", testObject("scx_error"), ...fail);
    expect(await run.end()).toBe(3);
    expect(run.stderr).toMatch(/init_fail is given up; the kernel's own scheduler has taken over\n$/);
    expect(run.lines.filter((line) => line.startsWith("EXIT"))).toHaveLength(2);
  });

  it("goes on to the fallback when the verifier refuses the first", async () => {
    const run = scxkit("run", testObject("verifier_reject"), "--fallback", "simple", "--duration", "0.5", "--json");
    expect(await run.end()).toBe(0);
    expect(run.stderr).toMatch(/verifier_reject is given up: .*falling back to simple\n/);
    expect(exitsOf(run).map((exit) => exit.kind)).toEqual(["unreg"]);
  });

  it("refuses a fallback that isn't there before anything is loaded", async () => {
    const before = schedExt.enableSeq();
    const run = scxkit("run", "simple", "--fallback", "no-such.o", "--socket", "none");
    expect(await run.end()).toBe(66);
    expect(schedExt.enableSeq()).toBe(before);
  });
});

describe("--rt", () => {
  it("puts all threads of the loader under SCHED_FIFO", async () => {
    const run = scxkit("run", "simple", "--json", "--socket", "none", "--rt");
    await run.line(/"state":"enabled"/);
    for (const thread of readdirSync(`/proc/${run.child.pid}/task`)) {
      const stat = readFileSync(`/proc/${run.child.pid}/task/${thread}/stat`, "utf8");
      const [priority, policy] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(37);
      expect([thread, priority, policy]).toEqual([thread, "1", "1"]); // SCHED_FIFO is 1
    }
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
  });

  it("keeps the loader going while the scheduler stalls", async () => {
    const stall = [testObject("stall"), "--ops", "timeout_ms=8000"];
    const run = scxkit("run", ...stall, "--json", "--stats", "0.25", "--socket", "none", "--rt");
    expect(await run.end()).toBe(3);
    // Nobody else ran for 8 seconds, but its ticks came.
    expect(samplesOf(run).filter((sample) => sample.state === "enabled").length).toBeGreaterThanOrEqual(4);
    expect(exitsOf(run).map((exit) => exit.kind)).toEqual(["error_stall"]);
  });
});

describe("--user", () => {
  const status = (pid: number | undefined) => readFileSync(`/proc/${pid}/status`, "utf8");

  it("runs with no privilege at all, and attaches again what is loaded", async () => {
    const path = "/var/run/scx/root/stats";
    const run = scxkit("run", "simple", "--json", "--stats", "0.3", "--user", "nobody", "--mode", "reset");
    await run.line(/"epoch":0.*"state":"enabled"/);
    const nobody = /^Uid:\s+65534\s+65534\s+65534\s+65534$/m;
    for (const thread of readdirSync(`/proc/${run.child.pid}/task`)) {
      const text = readFileSync(`/proc/${run.child.pid}/task/${thread}/status`, "utf8");
      expect(text).toMatch(nobody);
      expect(text).toMatch(/^Groups:\s*65534 *$/m);
      expect(text).toMatch(/^NoNewPrivs:\s+1$/m);
      for (const set of ["CapPrm", "CapEff", "CapAmb"]) expect(text).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
    }
    expect(status(run.child.pid)).toMatch(nobody);
    cycleCpu1();
    await run.line(/"epoch":[1-9].*"state":"enabled"/);
    const client = await StatsClient.connect(path);
    expect(await client.request("stats")).toMatchObject({ local: expect.anything() });
    await client.close();
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    expectNothingLost(samplesOf(run), "local");
    const again = scxkit("run", "simple", "--duration", "0.3");
    expect(await again.end()).toBe(0);
  });

  it("does with the few capabilities that it takes, and keeps none", async () => {
    const few = "+bpf,+perfmon,+setuid,+setgid";
    const run = scxkitAs(
      ["--reuid=1000", "--regid=1000", "--clear-groups", `--inh-caps=${few}`, `--ambient-caps=${few}`],
      ...["run", "simple", "--user", "nobody", "--socket", "none", "--json", "--stats", "0.3"],
    );
    await run.line(/"state":"enabled"/);
    const text = readFileSync(`/proc/${run.child.pid}/status`, "utf8");
    expect(text).toMatch(/^CapPrm:\s+0+$/m);
    expect(text).toMatch(/^Uid:\s+65534\s+65534\s+65534\s+65534$/m);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
  });

  it("falls back to what was loaded before", async () => {
    const run = scxkit(
      ...["run", testObject("scx_error"), "--set", "fail_at=20", "--user", "nobody", "--fallback", "simple"],
      ...["--json", "--stats", "0.3", "--socket", "none"],
    );
    await run.line(/"scheduler":"simple","state":"enabled"/);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
  });

  it("refuses a user that isn't one, and root", async () => {
    for (const name of ["no-such-user", "root"]) {
      const run = scxkit("run", "simple", "--user", name);
      expect(await run.end()).toBe(64);
      expect(run.stderr).toMatch(/\[ERR_SCX_USAGE\]\n {2}.*nobody.*\n$/);
    }
  });
});

describe("a loaded object", () => {
  it("is attached again as if it were new", async () => {
    const object = await BpfObject.open(testObject("memory"));
    object.globals.fail_at = 50n;
    await using loaded = await object.load({ reattach: true });
    for (let i = 0; i < 3; i++) {
      const scheduler = await loaded.attach();
      expect(loaded.globals.in_data).toBe(8n);
      const sampler = new Sampler(scheduler.stats, { intervalMs: 100 });
      let last: Sample | undefined;
      for await (const sample of sampler) last = sample;
      // What it found of an earlier time would be the message.
      expect(await scheduler.exited).toMatchObject({ kind: "error_bpf", message: "failed as it was told" });
      const map = loaded.maps.scx_stats;
      expect(last?.stats.enqueued).toMatchObject({ total: bpftoolSums(map?.id ?? 0).enqueued });
    }
  });

  it("is refused where that can't be", async () => {
    const object = await BpfObject.open(testObject("unrestorable"));
    await expect(object.load({ reattach: true })).rejects.toMatchObject({
      code: "ERR_SCX_REATTACH",
      message: expect.stringContaining("map inner_maps (array_of_maps) can't be emptied"),
    });
  });

  it("is not attached again while it runs, or when it was not loaded for that", async () => {
    await using loaded = await (await BpfObject.open(shippedObject("simple"))).load({ reattach: true });
    const scheduler = await loaded.attach();
    await expect(loaded.attach()).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await scheduler.detach();
    const second = await loaded.attach();
    expect(kernelState()).toBe("enabled");
    await second.detach();
  });
});

describe("superviseScheduler", () => {
  it("counts over restarts what the kernel counted", async () => {
    const exits: [ExitRecord, number][] = [];
    const truth: bigint[] = [];
    const run = await superviseScheduler({
      open: () => BpfObject.open(shippedObject("simple")),
      exited: (exit, epoch) => exits.push([exit, epoch]),
    });
    const sampler = new Sampler(run.stats, { intervalMs: 200 });
    let sum = 0n;
    let samples = 0;
    for await (const { epoch, state, stats } of sampler) {
      const { local } = stats;
      if (local && "total" in local) sum += local.delta;
      truth[epoch] = local && "total" in local ? local.total : 0n;
      if (++samples === 3) cycleCpu1();
      if (epoch > 0 && state === "enabled" && stats.local && "total" in stats.local && stats.local.delta > 0n)
        void run.stop();
    }
    const { exit } = await run.ended;
    expect(exit).toMatchObject({ kind: "unreg" });
    expect(exits.map(([, epoch]) => epoch)).toEqual(exits.map((_, i) => i));
    expect(exits.length).toBeGreaterThanOrEqual(2);
    expect(exits[0]?.[0]).toMatchObject({ kind: "unreg_kern", decoded: { reason: "hotplug", action: "restart" } });
    expect(sum).toBe(truth.at(-1));
  });
});
