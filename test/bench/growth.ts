// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import type { LoadedObject } from "../../src/index.js";
import { grownObject, testObject } from "../objects.js";
import { type Bench, type Comparison, figure, median, place } from "./compare.js";
import { measure, measurePeer } from "./reading.js";

// From dist, as users run it.
const library = (await import("../../dist/index.js" as string)) as typeof import("../../src/index.js");

const rounds = 15;
const sizes = [16, 64, 256, 1024];
/** What a round measures on each side, so that even an emulated machine's clock is good enough. */
const roundNs = 20e6;

/** How often to do something that takes so long. */
const timesFor = (ns: number): number => Math.max(1, Math.ceil(roundNs / ns));

/** The ratio of ours to a C program's way, in alternating rounds, and both in µs. */
function compare(loaded: LoadedObject, way: string, map: number, keys: number) {
  const measured = { ours: [] as number[], values: [] as number[] };
  const [mine, others] = [timesFor(measure(loaded, 2000)), timesFor(measurePeer(way, map, 20, keys))];
  for (let round = 0; round < rounds; round++) {
    measured.ours.push(measure(loaded, mine) / 1e3);
    measured.values.push(measurePeer(way, map, others, keys) / 1e3);
  }
  return measured;
}

const mapOf = (loaded: LoadedObject): number => Object.values(loaded.maps)[0]?.id ?? 0;

/** That its rows are CPUs', as the C program knows. Of a guess all rows would be read. */
const statsMap = { stats: { row_stats: { percpu: true } } };

/** Snapshots of more and fewer keys, on a machine with the CPUs that this one may have. */
export const bench: Bench = async () => {
  const cpus = Number(readFileSync("/sys/devices/system/cpu/possible", "utf8").trim().split("-").at(-1)) + 1;
  const where = place(cpus > 2 ? `kernel VM, ${cpus} possible CPUs` : "this machine");
  const comparisons: Comparison[] = [];
  const rows: string[][] = [];
  for (const keys of sizes) {
    const batch = await library.BpfObject.open(testObject("wide_keys"));
    batch.resize("key_stats", keys);
    await using array = await batch.load();
    await using struct = await (await library.BpfObject.open(grownObject("struct", keys))).load();
    await using mapped = await (await library.BpfObject.open(grownObject("mapped", keys))).load({ statsMap });
    const keyMap = mapOf(array);
    const cells = [
      compare(array, "batch", keyMap, keys),
      compare(struct, "struct", mapOf(struct), keys),
      compare(mapped, "mapped", mapOf(mapped), keys),
    ].map((one) => `${ratioOf(one)}x (${figure(median(one.ours))} µs)`);
    const [byStruct, byRows] = [compare(struct, "keys", keyMap, keys), compare(mapped, "keys", keyMap, keys)];
    rows.push([String(keys), ...cells, ...[byStruct, byRows].map((one) => `${ratioOf(one, true)}x less`)]);
    if (keys !== 256) continue;
    const limits = cpus > 2 ? [8, 30] : [100, 1000];
    for (const [i, { ours, values }] of [byStruct, byRows].entries())
      comparisons.push({
        what: `a snapshot of ${keys} counters, ${i === 0 ? "one struct" : "mapped rows"}, against one lookup a key in C, as scx_simple does`,
        where,
        unit: "µs",
        limit: { lessBy: limits[i] ?? 1 },
        ours,
        peer: { name: "C", values },
      });
  }
  const heads = ["an array", "one struct", "mapped rows", "one struct, a lookup a key", "mapped rows, a lookup a key"];
  const what = `Snapshots of so many counters with ${cpus} possible CPUs (${where}): against the same in C, then against one lookup a key in C`;
  return { comparisons, growth: [{ what, columns: ["counters", ...heads], rows }] };
};

function ratioOf({ ours, values }: { ours: number[]; values: number[] }, less = false): string {
  const ratios = ours.map((one, i) => (less ? (values[i] ?? 0) / one : one / (values[i] ?? 0)));
  return figure(median(ratios));
}
