// SPDX-License-Identifier: MIT
import { testObject } from "../objects.js";
import { Running } from "../vm/process.js";
import { type Bench, figure, place, program, type Results } from "./compare.js";
import { onOneCpu } from "./one_cpu.js";

const seconds = 60;
const rounds = 5;
/**
 * Minutes that are the start's. V8 collects its garbage up to three times, the last time 100 s after the first: its memory reducer
 * does so whenever a process has become idle, and not again for as long as the heap doesn't grow. Half a second each, here.
 */
const warm = 3;

const sides = ["c", "node", "ours", "reusing"] as const;
type Took = Record<(typeof sides)[number], number>;

const script = (name: string) => new URL(`${name}.mjs`, import.meta.url).pathname;

/**
 * µs of CPU time that each of so many ticks took, round by round: of a C program, a Node process that only has a timer, ours,
 * and ours with samples that are the same objects, side by side. Each ticks at a part of the interval of its own.
 */
async function ticks(times: number, count: number, intervalMs: number): Promise<Took[]> {
  const about = [String(count), String(intervalMs)];
  const sampling = (...options: string[]) =>
    new Running(process.execPath, [script("ticks"), testObject("wide"), String(times), ...about, ...options]);
  const ours = sampling("0.25");
  const map = await ours.line(/^\d+$/);
  const reusing = sampling("0.5", "reuse");
  const node = new Running(process.execPath, [script("timer"), String(times), ...about, "0.75"]);
  const took = async (run: Running, round: number) =>
    Number((await run.line(/^\d+ /, round)).split(" ")[0]) / 1e3 / count;
  // A new one each round; the first side's map is there as long as that samples, and this one never lags behind.
  const c: number[] = [];
  for (let round = 0; round < times; round++) {
    const run = new Running(program("ticks"), [map, ...about]);
    c.push(await took(run, 0));
    await run.end();
  }
  const all: Took[] = [];
  for (const [round, inC] of c.entries())
    all.push({
      c: inC,
      node: await took(node, round),
      ours: await took(ours, round + 1),
      reusing: await took(reusing, round + 1),
    });
  await Promise.all([ours, reusing, node].map((run) => run.end()));
  return all;
}

/** CPU time of a minute of ticks, one a second, at 256 counters; and what a tick costs when they come faster. */
export const bench: Bench = () => onOneCpu(measure);

async function measure(): Promise<Results> {
  const minutes = await ticks(warm + rounds, seconds, 1000);
  const ms = (took: Took, side: keyof Took) => (took[side] * seconds) / 1000;
  const of = (side: keyof Took) => minutes.slice(warm).map((took) => ms(took, side));
  const faster: [ms: number, Took | undefined][] = [];
  for (const every of [100, 10]) faster.push([every, (await ticks(3, 500, every))[2]]);
  const where = place("kernel VM, 1 CPU of 128 possible ones");
  const what = `CPU time of ${seconds} s of ticks, one a second, from the start's ${warm} minutes on`;
  const peer = { name: "C", values: of("c") };
  const columns = ["C", "a bare Node timer", "scxkit", "scxkit, with reuse"];
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
      {
        what: `${what}, at 256 counters, with reuse (as C does), against the same ticks in C`,
        where,
        unit: "ms",
        limit: { atMost: 2 },
        ours: of("reusing"),
        peer,
      },
      { what: `${what}, of a bare Node timer, against the same`, where, unit: "ms", ours: of("node"), peer },
    ],
    growth: [
      {
        what: `ms of CPU time of each minute of ticks, one a second, at 256 counters, the start's first (${where})`,
        columns: ["minute", ...columns],
        rows: minutes.map((took, i) => [String(i + 1), ...sides.map((side) => figure(ms(took, side)))]),
      },
      {
        what: `µs of CPU time a tick at 256 counters, by the ms between ticks (${where})`,
        columns: ["ms", ...columns],
        rows: faster.map(([every, took]) => [
          String(every),
          ...sides.map((side) => figure(took?.[side] ?? Number.NaN)),
        ]),
      },
    ],
  };
}
