// SPDX-License-Identifier: MIT
import { testObject } from "../objects.js";
import { Running } from "../vm/process.js";
import { type Bench, place, program } from "./compare.js";

const seconds = 60;
const rounds = 3;

/** CPU time of a minute of ticks, one a second, at 256 counters: ours and a C program's, in the same minute. */
export const bench: Bench = async () => {
  const ours: number[] = [];
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const script = new URL("ticks.mjs", import.meta.url).pathname;
    const sampler = new Running(process.execPath, [script, testObject("wide"), String(seconds)]);
    const map = await sampler.line(/^\d+$/);
    const c = new Running(program("ticks"), [map, String(seconds)]);
    values.push(Number((await c.line(/^\d+ /)).split(" ")[0]) / 1e6);
    ours.push(Number(await sampler.line(/^\d+$/, 1)) / 1e6);
    await Promise.all([sampler.end(), c.end()]);
  }
  const what = `CPU time of ${seconds} s of ticks, one a second, at 256 counters, against the same ticks in C`;
  const where = place("kernel VM, 128 possible CPUs");
  return { comparisons: [{ what, where, unit: "ms", limit: { atMost: 2 }, ours, peer: { name: "C", values } }] };
};
