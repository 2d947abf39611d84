// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { shippedObject } from "../objects.js";
import { kernelIsFree, Running } from "../vm/process.js";
import { type Bench, place, program } from "./compare.js";

const rounds = 10;
/** How long nothing happens, to see what watching costs. */
const idleSeconds = 30;

const simple = shippedObject("simple");
const sides = {
  ours: (seconds: number) =>
    new Running(process.execPath, [new URL("watching.mjs", import.meta.url).pathname, simple, String(seconds)]),
  values: (seconds: number) => new Running(program("loader"), [simple, String(seconds)]),
};

/** Starts one side, has something done once it is attached, and resolves to what it says at last: two numbers. */
async function watched(start: (seconds: number) => Running, seconds: number, act: () => Promise<void>) {
  const run = start(seconds);
  await run.line(/./); // attached
  await act();
  const [left = 0, cpu = 0] = (await run.line(/^\d+ \d+$/, 1)).split(" ").map(Number);
  await run.end();
  await kernelIsFree();
  return { left, cpu };
}

/** How long it takes until a scheduler's exit is known, by SysRq-S, and what waiting for it costs; against looking once a second. */
export const bench: Bench = async () => {
  const latency = { ours: [] as number[], values: [] as number[] };
  const idle = { ours: [] as number[], values: [] as number[] };
  for (let round = 0; round < rounds; round++)
    for (const side of ["ours", "values"] as const) {
      let asked = 0n;
      const { left } = await watched(sides[side], 60, async () => {
        // Somewhere between two looks of the one that looks.
        await sleep(1000 + (1000 * (round + 0.5)) / rounds);
        asked = process.hrtime.bigint();
        writeFileSync("/proc/sysrq-trigger", "S");
      });
      latency[side].push((left - Number(asked)) / 1e6);
    }
  for (const side of ["ours", "values"] as const) {
    const { cpu } = await watched(sides[side], idleSeconds, async () => {});
    idle[side].push((cpu / (idleSeconds * 1e9)) * 100);
  }
  const where = place("kernel VM");
  const peer = (values: number[]) => ({ name: "C, looking once a second", values });
  const known = "from SysRq-S to the exit being known, the kernel's own work included";
  return {
    comparisons: [
      { what: known, where, unit: "ms", limit: { atMost: 1 }, ours: latency.ours, peer: peer(latency.values) },
      { what: known, where, unit: "ms", limit: { atMost: 100 }, ours: latency.ours },
      {
        what: `a core's time that watching takes, ${idleSeconds} s without anything`,
        where,
        unit: "%",
        ours: idle.ours,
        peer: peer(idle.values),
      },
    ],
  };
};
