// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { listText, numbersIn } from "../../../src/kernel/cpus.js";
import { CpuGroups, groupCpus } from "../../../src/kernel/topology.js";

/** A sysfs of 2 nodes with 2 cores of 2 threads each, an L2 a core and an L3 a node; CPU 7 is offline. */
function machine(): string {
  const sys = mkdtempSync(join(tmpdir(), "scxkit-"));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(sys, path)), { recursive: true });
    writeFileSync(join(sys, path), `${text}\n`);
  };
  for (let cpu = 0; cpu < 7; cpu++) {
    const node = cpu % 4 < 2 ? 0 : 1;
    put(`cpu/cpu${cpu}/topology/core_cpus_list`, cpu === 3 ? "3" : `${cpu % 4},${(cpu % 4) + 4}`);
    put(`cpu/cpu${cpu}/cache/index0/level`, "1");
    put(`cpu/cpu${cpu}/cache/index0/shared_cpu_list`, `${cpu}`);
    put(`cpu/cpu${cpu}/cache/index3/level`, "3");
    put(`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, node === 0 ? "0-1,4-5" : "2-3,6");
  }
  put("node/node0/cpulist", "0-1,4-5");
  put("node/node1/cpulist", "2-3,6");
  return sys;
}

it.each([
  ["cpu", ["0", "1", "2", "3", "4", "5", "6", "7"], [0, 1, 2, 3, 4, 5, 6, 7]],
  ["core", ["0,4", "1,5", "2,6", "3", "7"], [0, 1, 2, 3, 0, 1, 2, 4]],
  ["llc", ["0-1,4-5", "2-3,6", "7"], [0, 0, 1, 1, 0, 0, 1, 2]],
  ["node", ["0", "1", "7"], [0, 0, 1, 1, 0, 0, 1, 2]],
] as const)("groups CPUs by %s", (domain, names, groups) => {
  const found = groupCpus(domain, machine(), 8);
  expect([found.names, [...found.groups]]).toEqual([names, groups]);
});

it("leaves a CPU that went offline where it was seen, and lets one in that comes", () => {
  const sys = machine();
  const groups = new CpuGroups("llc", sys, 8);
  const put = (path: string, text: string) => writeFileSync(join(sys, path), `${text}\n`);
  put("cpu/online", "0-6");
  expect(groups.current().names).toEqual(["0-1,4-5", "2-3,6", "7"]);
  const before = groups.current();
  expect(groups.current()).toBe(before);
  // CPU 0, the first of its group, goes; 7 comes for the first time.
  rmSync(join(sys, "cpu/cpu0"), { recursive: true });
  for (const cpu of [1, 4, 5]) put(`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, "1,4-5");
  for (const cpu of [2, 3, 6]) put(`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, "2-3,6-7");
  mkdirSync(join(sys, "cpu/cpu7/cache/index3"), { recursive: true });
  put("cpu/cpu7/cache/index3/level", "3");
  put("cpu/cpu7/cache/index3/shared_cpu_list", "2-3,6-7");
  put("cpu/online", "1-7");
  expect(groups.current()).toEqual({
    domain: "llc",
    names: ["0-1,4-5", "2-3,6-7"],
    groups: Uint32Array.from([0, 0, 1, 1, 0, 0, 1, 1]),
  });
});

it("writes the kernel's sets", () => {
  expect(["0-2,5", "7", ""].map((text) => listText(numbersIn(text)))).toEqual(["0-2,5", "7", ""]);
});

it("reads the kernel's sets", () => {
  expect([numbersIn("0-2,5\n"), numbersIn("7"), numbersIn("")]).toEqual([[0, 1, 2, 5], [7], []]);
});
