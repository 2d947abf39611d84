// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { inspectObject } from "../../src/index.js";
import { brokenKfuncs } from "../../src/kernel/types.js";
import { shippedObject, trapObject } from "../objects.js";
import { unprivileged } from "./process.js";

it("finds all that our scheduler needs, on every kernel", async () => {
  const { kernel } = await inspectObject(shippedObject("simple"));
  expect(kernel.structs).toEqual([{ name: "sched_ext_ops", present: true }]);
  expect(kernel.members.filter(({ present }) => !present)).toEqual([]);
  expect(kernel.kfuncs.filter(({ present, weak }) => !present && !weak)).toEqual([]);
});

it("tells a function that the kernel describes as nobody can call it", async () => {
  const { kernel } = await inspectObject(trapObject("broken_kfunc"));
  const broken = brokenKfuncs().includes("scx_bpf_kick_cpu");
  expect(kernel.kfuncs).toEqual([
    { name: "scx_bpf_kick_cpu", weak: false, present: !broken, ...(broken && { broken: true }) },
  ]);
});

it("finds a module's function", async ({ skip }) => {
  skip(!existsSync("/sys/kernel/btf/9pnet"), "9pnet is no module here");
  const { kernel } = await inspectObject(trapObject("module_kfunc"));
  expect(kernel.kfuncs).toEqual([{ name: "p9_client_disconnect", weak: false, present: true, module: "9pnet" }]);
});

it("needs no privilege", async () => {
  const run = unprivileged("inspect", "simple");
  expect(await run.end()).toBe(0);
  expect(run.stderr).toBe("");
  expect(run.lines).toContainEqual(expect.stringMatching(/^ {2}struct sched_ext_ops +yes$/));
});
