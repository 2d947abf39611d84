// SPDX-License-Identifier: MIT
// Objects of all sorts, as people have them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { BpfObject, schedExt } from "../../src/index.js";
import { native } from "../../src/native/index.js";
import { shippedObject, testObject } from "../objects.js";
import { kernelIsFree, kernelState, load, scxkit } from "./process.js";

afterEach(kernelIsFree);

/** The kernel's types, from bpftool and not from us. */
const types = execFileSync("bpftool", ["btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c"], {
  encoding: "utf8",
  maxBuffer: 2 ** 26,
});

describe("a scheduler in two forms", () => {
  const newer = /^struct sched_ext_ops_cid {/m.test(types);

  it("runs in the newer one where the kernel has it", async () => {
    using _work = load();
    const object = await BpfObject.open(testObject("cid"));
    expect(object.scheduler).toBe(newer ? "cid" : "cid_plain");
    await using loaded = await object.load();
    const scheduler = await loaded.attach();
    expect(schedExt.running()).toBe(object.scheduler);
    while (loaded.globals.nr_enqueued === 0n) await new Promise((resolve) => setTimeout(resolve, 10));
    await scheduler.detach();
    expect(await scheduler.exited).toMatchObject({ kind: "unreg", number: 64 });
    expect((loaded.globals.nr_cids as number) > 0).toBe(newer);
  });

  it("runs in the older one when told to", async () => {
    await using loaded = await (await BpfObject.open(testObject("cid"), { opsMap: "cid_ops" })).load();
    await loaded.attach();
    expect(schedExt.running()).toBe("cid_plain");
  });

  it("can't run in the newer one elsewhere, and says from which kernel on", async ({ skip }) => {
    skip(newer, "this kernel has sched_ext_ops_cid");
    const run = scxkit("run", testObject("cid"), "--ops-map", "cid_ops_cid", "--socket", "none");
    expect(await run.end()).toBe(65);
    expect(run.stderr).toMatch(/no struct sched_ext_ops_cid.*ERR_SCX_KERNEL_LACKS.*\n.*7\.2 on/);
  });

  it("is cleared of what the kernel lacks there too", async ({ skip }) => {
    skip(!newer, "this kernel has no sched_ext_ops_cid (7.2 has)");
    const run = scxkit(
      "run",
      testObject("cid"),
      "--ops-map",
      "cid_ops_cid",
      "--socket",
      "none",
      "--duration",
      "0.1",
      "-v",
    );
    expect([await run.end(), run.stderr]).toEqual([
      0,
      expect.stringMatching(/sched_ext_ops_cid lacks not_in_any_kernel/),
    ]);
  });
});

it("gives arrays that nobody sized an element for each CPU", async () => {
  using _work = load();
  const cpus = execFileSync("nproc", ["--all"], { encoding: "utf8" });
  const object = await BpfObject.open(testObject("cid"), { opsMap: "cid_ops" });
  object.globals.nr_arrays = Number(cpus);
  await using loaded = await object.load();
  const counts = () => loaded.globals.by_cpu as bigint[];
  expect([Number(cpus) > 1, counts(), (loaded.globals.known as boolean[]).length]).toEqual([
    true,
    Array(Number(cpus)).fill(0n),
    Number(cpus),
  ]);
  await loaded.attach();
  while (counts().at(-1) === 0n) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(counts()[0]).toBe(0n);
});

it("takes flags by name", async () => {
  const object = await BpfObject.open(shippedObject("simple"));
  object.setOps("flags", "switch_partial|ENQ_LAST");
  await using loaded = await object.load();
  await loaded.attach();
  expect(readFileSync("/sys/kernel/sched_ext/switch_all", "utf8").trim()).toBe("0");
  expect(kernelState()).toBe("enabled");
});

it("attaches at once after a loader was killed, however the kernel is still busy with its scheduler", async () => {
  using _work = load();
  for (let round = 0; round < 2; round++) {
    const killed = scxkit("run", "simple", "--socket", "none", "--json");
    await killed.line(/"state":"enabled"/);
    const loaded = await (await BpfObject.open(testObject("cid"), { opsMap: "cid_ops" })).load();
    killed.kill("SIGKILL");
    await killed.end();
    const scheduler = await loaded.attach();
    expect([schedExt.running(), scheduler.left]).toEqual(["cid_plain", false]);
    await scheduler.detach();
    loaded.close();
  }
});

describe("programs beside the scheduler", () => {
  /** Names of the programs that the kernel has links of, from bpftool and not from us. */
  const linked = (): string[] => {
    const programs = JSON.parse(execFileSync("bpftool", ["-j", "prog", "show"], { encoding: "utf8" })) as {
      id: number;
      name?: string;
    }[];
    const links = JSON.parse(execFileSync("bpftool", ["-j", "link", "show"], { encoding: "utf8" })) as {
      prog_id?: number;
    }[];
    return links.flatMap(({ prog_id }) => programs.find(({ id }) => id === prog_id)?.name ?? []).sort();
  };
  const all = ["companions_exec", "companions_sleep", "companions_switch", "companions_wakeup"];

  it("are attached before it, and detached after it", async () => {
    using _work = load();
    await using loaded = await (await BpfObject.open(testObject("companions"))).load();
    expect(linked()).toEqual([]);
    expect(loaded.globals.nr_switches).toBe(0n);
    const scheduler = await loaded.attach();
    expect(linked()).toEqual(all);
    execFileSync("sleep", ["0.1"]);
    const { globals } = loaded;
    expect(globals.switches_at_init as bigint).toBeGreaterThan(0n);
    for (const name of ["nr_execs", "nr_wakeups", "nr_sleeps"])
      expect([name, (globals[name] as bigint) > 0n]).toEqual([name, true]);
    expect(loaded.run("companions_call")).toBe(0);
    expect(globals.nr_never).toBe(1n);
    await scheduler.detach();
    await loaded[Symbol.asyncDispose]();
    expect(linked()).toEqual([]);
  });

  it("are associated with it, where the kernel can", async () => {
    const [, number] = /BPF_PROG_ASSOC_STRUCT_OPS = (\d+)/.exec(types) ?? [];
    const object = await native.Object.open(testObject("companions"), "companions", {});
    if (typeof object === "string") throw new Error(object);
    await object.load();
    const program = object.programs().findIndex(({ name }) => name === "companions_call");
    const ops = object.maps().findIndex(({ name }) => name === "companions_ops");
    const associate = () => object.associate(program, ops);
    if (number === undefined) expect(associate).toThrowError(expect.objectContaining({ errno: 22 }));
    else expect([number, associate()]).toEqual(["38", undefined]);
    object.close();
  });

  it("go with a scheduler that the kernel throws out, while the object stays loaded", async () => {
    await using loaded = await (await BpfObject.open(testObject("companions"))).load();
    const scheduler = await loaded.attach();
    execFileSync("sh", ["-c", "echo S > /proc/sysrq-trigger"]);
    expect(await scheduler.exited).toMatchObject({ kind: "sysrq" });
    while (linked().length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(loaded.globals.nr_switches as bigint).toBeGreaterThan(0n);
  });

  it("have to find what they are to be attached to, else nothing is attached", async () => {
    await using loaded = await (await BpfObject.open(testObject("companion_lost"))).load();
    await expect(loaded.attach()).rejects.toMatchObject({
      code: "ERR_SCX_ATTACH",
      errno: 2,
      message: expect.stringMatching(
        /Program companion_lost .*tp\/sched\/scxkit_no_such_event.*\n.*companion_lost=off/,
      ),
    });
    expect([linked(), kernelState()]).toEqual([[], "disabled"]);
  });

  it("can be left out, or left to others, or taken though optional", async () => {
    const object = await BpfObject.open(testObject("companion_lost"));
    object.setProgram("companion_lost", "load");
    object.setProgram("companion_found", "off");
    await using loaded = await object.load();
    await loaded.attach();
    expect([linked(), schedExt.running()]).toEqual([[], "companion_lost"]);
    await loaded[Symbol.asyncDispose]();
    await kernelIsFree();
    const optional = await BpfObject.open(testObject("companions"));
    optional.setProgram("companions_optional", "on");
    await expect(optional.load()).rejects.toMatchObject({
      code: "ERR_SCX_KERNEL_LACKS",
      message: expect.stringContaining("scxkit_no_such_function"),
    });
  });
});
