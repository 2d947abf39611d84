// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { exitKinds, exitRecord } from "../../../src/scheduler/exit.js";
import { outcomeOf, RestartPlan } from "../../../src/scheduler/restart.js";

const exit = (number: number, code = 0n) => exitRecord({ number, code, reason: "", message: "" }, "x", 0n);
const hotplug = 0x1000100000000n;

describe("what an exit means", () => {
  it.each([
    ["a CPU came or went", exit(exitKinds.unreg_kern, hotplug), "restart asked"],
    ["the scheduler asks for a restart", exit(exitKinds.unreg_bpf, hotplug | 5n), "restart asked"],
    ["the scheduler left in good order", exit(exitKinds.unreg_bpf, 5n), "left"],
    ["an error whose code looks like a restart", exit(exitKinds.error_bpf, hotplug), "failed"],
    ["a stall", exit(exitKinds.error_stall), "failed"],
    ["nobody knows why", exit(0), "failed"],
    ["its user detached it", exit(exitKinds.unreg), "stopped"],
    ["SysRq-S", exit(exitKinds.sysrq), "stopped"],
  ])("%s", (_, record, outcome) => {
    expect(outcomeOf(record)).toBe(outcome);
  });
});

describe("a plan", () => {
  const certain = (policy: "no" | "on-failure" | "always", rest: object = {}) =>
    new RestartPlan({ policy, delayMs: 100, maxDelayMs: 1000, limit: 3, windowMs: 10_000, ...rest }, () => 1);

  it("restarts what is asked for under any policy, at once and without end", () => {
    const plan = certain("no");
    for (let i = 0; i < 100; i++) expect(plan.next("restart asked", i * 2000, 2000)).toBe(0);
  });

  it("slows down when a restart is asked for again and again", () => {
    const plan = certain("no");
    const delays = [10, 10, 10, 10, 10, 10, 5000, 10].map((ranMs) => plan.next("restart asked", 0, ranMs));
    expect(delays).toEqual([100, 200, 400, 800, 1000, 1000, 0, 100]);
  });

  it.each([
    ["no", [undefined, undefined, undefined]],
    ["on-failure", [100, undefined, undefined]],
    ["always", [100, 200, undefined]],
  ] as const)("under %s: failed, left, stopped", (policy, expected) => {
    const plan = certain(policy);
    expect((["failed", "left", "stopped"] as const).map((outcome) => plan.next(outcome, 0, 5000))).toEqual(expected);
  });

  it("doubles the delay, and gives up when the budget of the window is spent", () => {
    const plan = certain("on-failure", { limit: 5 });
    expect([0, 1, 2, 3, 4, 5].map((at) => plan.next("failed", at, 0))).toEqual([100, 200, 400, 800, 1000, undefined]);
    expect(plan.spent).toBe("5 of 5 within 10 s");
  });

  it("waits longer than the usual most when the first delay is longer", () => {
    const plan = new RestartPlan({ policy: "always", delayMs: 90_000 }, () => 1);
    expect([0, 1].map((at) => plan.next("failed", at, 0))).toEqual([90_000, 90_000]);
  });

  it("forgets what is older than the window", () => {
    const plan = certain("on-failure");
    expect([0, 6000, 9000, 9500, 10_500].map((at) => plan.next("failed", at, 0))).toEqual([
      100,
      200,
      400,
      undefined,
      400,
    ]);
  });

  it("spreads the delay over its upper half", () => {
    const at = (random: number) =>
      new RestartPlan({ policy: "always", delayMs: 100 }, () => random).next("failed", 0, 0);
    expect([at(0), at(0.5), at(1)]).toEqual([50, 75, 100]);
  });
});
