// SPDX-License-Identifier: MIT
// Does scxkit work on this kernel? Among the few tests that `make test` runs on every kernel but one.
import { mkdtempSync, readFileSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { BpfObject, inspectObject, parseDump, type Sample, Sampler, schedExt } from "../../src/index.js";
import { shippedObject, testObject } from "../objects.js";
import { bpftoolSums, kernelIsFree, kernelState, load, scxkit } from "./process.js";

afterEach(kernelIsFree);

it("doctor has no complaint", async () => {
  const run = scxkit("doctor");
  expect([await run.end(), run.stderr]).toEqual([0, ""]);
  expect(run.lines.filter((line) => line.startsWith("problem"))).toEqual([]);
});

it("inspect finds all that our scheduler needs", async () => {
  const { kernel } = await inspectObject(shippedObject("simple"));
  expect(kernel).toMatchObject({ release: release(), schedExt: true });
  expect(kernel.members.length).toBeGreaterThan(5);
  expect(kernel.members.filter(({ present }) => !present)).toEqual([]);
  expect(kernel.kfuncs.filter(({ present, weak }) => !present && !weak)).toEqual([]);
});

it("a scheduler loads, attaches, counts what the kernel counted, and leaves when told to", async () => {
  using _work = load();
  await using loaded = await (await BpfObject.open(shippedObject("simple"))).load();
  const scheduler = await loaded.attach();
  expect([kernelState(), schedExt.running()]).toEqual(["enabled", "simple"]);
  let last: Sample | undefined;
  let count = 0;
  for await (const sample of new Sampler(scheduler.stats, { intervalMs: 300 })) {
    last = sample;
    if (++count === 3) void scheduler.detach();
  }
  const truth = bpftoolSums(loaded.maps.scx_stats?.id ?? 0);
  expect(truth.local).toBeGreaterThan(0n);
  for (const name of ["local", "global", "dispatched"])
    expect([name, last?.stats[name]]).toMatchObject([name, { total: truth[name] }]);
  expect(await scheduler.exited).toMatchObject({
    kind: "unreg",
    number: 64,
    code: 0n,
    reason: "unregistered from user space",
    kernel: release(),
    ops: "simple",
  });
  await scheduler.detach();
  expect(kernelState()).toBe("disabled");
});

it("a scheduler that gives up is explained, with status 3 and the kernel's dump", async () => {
  using _work = load();
  const file = join(mkdtempSync(join(tmpdir(), "scxkit-")), "exit.txt");
  const run = scxkit("run", testObject("scx_error"), "--set", "fail_at=20", "--socket", "none", "--exit-dump", file);
  expect(await run.end()).toBe(3);
  expect(run.lines.at(-2)).toBe("EXIT: scx_bpf_error (gave up at task 20 (as it was told))");
  const dump = parseDump(readFileSync(file, "utf8").split("\n").slice(3).join("\n"));
  expect(dump.number).toBe(1025);
  expect(dump.cpus.flatMap((cpu) => cpu.tasks).length).toBeGreaterThan(0);
});
