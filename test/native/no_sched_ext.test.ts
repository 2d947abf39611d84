// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { beforeEach, expect, it } from "vitest";
import { diagnose } from "../../src/kernel/diagnosis.js";
import { openSimple } from "../../src/schedulers/simple.js";
import { scxkit } from "../vm/process.js";

// A kernel with BPF but without sched_ext, which is what most machines that build this have.
beforeEach(({ skip }) => {
  skip(existsSync("/sys/kernel/sched_ext"), "this kernel has sched_ext");
});

it("run ends with 69 and says what is missing", async () => {
  for (const args of [[], ["--json"]]) {
    const run = scxkit("run", "simple", ...args);
    expect(await run.end()).toBe(69);
    expect(run.lines).toEqual([]);
    expect(run.stderr).toMatch(
      /^scxkit: This kernel has no sched_ext: .* \[ERR_SCX_NO_SCHED_EXT\]\n {2}Boot a kernel .*CONFIG_SCHED_CLASS_EXT=y.*\n$/,
    );
  }
});

it("load is refused before libbpf or the kernel is asked", async () => {
  const object = await openSimple();
  await expect(object.load()).rejects.toMatchObject({ code: "ERR_SCX_NO_SCHED_EXT", op: "load", log: [] });
});

it("doctor ends with 69 and names it", async () => {
  const run = scxkit("doctor");
  expect(await run.end()).toBe(69);
  expect(run.stderr).toBe("");
  const at = run.lines.findIndex((line) => /^problem {2}sched_ext {5}this kernel has none/.test(line));
  expect(run.lines[at + 1]).toMatch(/^ +Boot a kernel .* CONFIG_SCHED_CLASS_EXT=y/);
  const findings = await diagnose();
  expect(findings.find(({ id }) => id === "sched_ext")?.status).toBe("problem");
  expect(findings.find(({ id }) => id === "libbpf")?.status).toBe("ok");
});

it("inspect works, and says what the kernel lacks", async () => {
  const run = scxkit("inspect", "simple");
  expect(await run.end()).toBe(0);
  expect(run.stderr).toBe("");
  expect(run.lines).toContainEqual(expect.stringMatching(/^ {2}sched_ext +no: this kernel has no sched_ext$/));
  expect(run.lines).toContainEqual(expect.stringMatching(/^ {2}sched_ext_ops\.enqueue +no$/));
});
