// SPDX-License-Identifier: MIT
import { testObject } from "../objects.js";
import { Running } from "../vm/process.js";
import { type Bench, figure, place, program } from "./compare.js";

const warm = 90;
const seconds = 60;
const rounds = 3;

const sides = ["c", "node", "ours"] as const;
type Took = Record<(typeof sides)[number], number>;

const script = (name: string) => new URL(`${name}.mjs`, import.meta.url).pathname;

/**
 * µs of CPU time that each of so many ticks took: a C program, a Node process that only has a timer, and ours, side by side. V8
 * collects what a start leaves behind about a minute after it; what comes before that is the start's.
 */
async function ticks(before: number, count: number, intervalMs: number): Promise<Took> {
  const about = [String(count), String(intervalMs)];
  const ours = new Running(process.execPath, [script("ticks"), testObject("wide"), String(before), ...about]);
  const node = new Running(process.execPath, [script("timer"), String(before), ...about]);
  const map = await ours.line(/^\d+$/);
  const c = new Running(program("ticks"), [map, ...about]);
  const took = async (run: Running) => {
    const line = await run.line(/^\d+ /);
    await run.end();
    return Number(line.split(" ")[0]) / 1e3 / count;
  };
  return { c: await took(c), node: await took(node), ours: await took(ours) };
}

/** CPU time of a minute of ticks, one a second, at 256 counters; and what a tick costs when they come faster. */
export const bench: Bench = async () => {
  const minutes: Took[] = [];
  for (let round = 0; round < rounds; round++) minutes.push(await ticks(warm, seconds, 1000));
  const of = (side: keyof Took) => minutes.map((took) => (took[side] * seconds) / 1000);
  const faster: [ms: number, Took][] = [];
  for (const ms of [100, 10]) faster.push([ms, await ticks(1000, 500, ms)]);
  const where = place("kernel VM, 128 possible CPUs");
  const what = `CPU time of ${seconds} s of ticks, one a second, from ${warm} s after the start on`;
  const peer = { name: "C", values: of("c") };
  return {
    comparisons: [
      {
        what: `${what}, at 256 counters, against the same ticks in C`,
        where,
        unit: "ms",
        limit: { atMost: 2 },
        ours: of("ours"),
        peer,
      },
      { what: `${what}, of a bare Node timer, against the same`, where, unit: "ms", ours: of("node"), peer },
    ],
    growth: [
      {
        what: `µs of CPU time a tick at 256 counters, by the ms between ticks (${where})`,
        columns: ["ms", "C", "a bare Node timer", "scxkit"],
        rows: faster.map(([ms, took]) => [String(ms), ...sides.map((side) => figure(took[side]))]),
      },
    ],
  };
};
