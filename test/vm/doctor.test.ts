// SPDX-License-Identifier: MIT
import { afterEach, expect, it } from "vitest";
import type { Finding } from "../../src/index.js";
import { diagnose } from "../../src/index.js";
import { kernelIsFree, type Running, scxkit, scxkitAs, unprivileged } from "./process.js";

afterEach(kernelIsFree);

/** What is not ok. Debian's 7.2.12 has broken kfuncs, which other kernels must not be said to have. */
const wrong = (findings: Finding[]) =>
  findings.filter(({ id, status }) => status !== "ok" && id !== "kfuncs").map(({ id, status }) => `${id}: ${status}`);

const parse = (run: Running) => run.lines.map((line) => JSON.parse(line) as Finding);

it("finds a sched_ext kernel sound: status 0", async () => {
  const run = scxkit("doctor");
  expect(await run.end()).toBe(0);
  expect(run.stderr).toBe("");
  expect(run.lines.join("\n")).not.toContain("problem");
  expect(run.lines).toContainEqual(expect.stringMatching(/^ok {7}sched_ext {5}this kernel has it$/));
  expect(run.lines).toContainEqual(expect.stringMatching(/^ok {7}btf {11}sched_ext_ops is in it/));
});

it("gives the same as values", async () => {
  const run = scxkit("doctor", "--json");
  expect(await run.end()).toBe(0);
  const findings = await diagnose();
  expect(parse(run)).toEqual(findings);
  expect(wrong(findings)).toEqual([]);
});

it("only lacks privilege: status 77", async () => {
  const run = unprivileged("doctor", "--json");
  expect(await run.end()).toBe(77);
  expect(wrong(parse(run))).toEqual(["capabilities: problem", "socket: warning"]);
});

it("is content with CAP_BPF and CAP_PERFMON", async () => {
  const run = scxkitAs(["--bounding-set=-all,+bpf,+perfmon"], "doctor", "--json");
  expect(await run.end()).toBe(0);
  expect(parse(run).find(({ id }) => id === "capabilities")?.what).toBe("CAP_BPF and CAP_PERFMON");
});

it("sees that another scheduler runs", async () => {
  const scheduler = scxkit("run", "simple", "--json", "--socket", "none");
  await scheduler.line(/"state":"enabled"/);
  const run = scxkit("doctor", "--json");
  expect(await run.end()).toBe(0);
  expect(wrong(parse(run))).toEqual(["scheduler: warning"]);
  scheduler.kill("SIGINT");
  expect(await scheduler.end()).toBe(0);
});
