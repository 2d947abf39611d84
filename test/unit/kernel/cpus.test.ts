// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { cpuIds, largestOf } from "../../../src/kernel/cpus.js";

it.each([
  ["0\n", 0],
  ["0-1\n", 1],
  ["0-3,8", 8],
  ["0,2-127", 127],
])("finds the largest in %j", (list, largest) => {
  expect(largestOf(list)).toBe(largest);
});

it("knows at least as many CPUs as run", () => {
  expect(cpuIds()).toBeGreaterThanOrEqual(Number(execFileSync("nproc", { encoding: "utf8" })));
});
