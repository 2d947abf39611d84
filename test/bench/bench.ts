// SPDX-License-Identifier: MIT
// make bench: measures scxkit against C programs in the same run, in the kernel VM, and writes results.md beside this
// file. Rounds alternate, so that whatever else the machine does hits both sides.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";
import { shippedObject } from "../objects.js";

const { BpfObject } = (await import("../../dist/index.js" as string)) as typeof import("../../src/index.js");

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const peer = (name: string, ...args: string[]) => execFileSync(path(`../../build/bench/${name}`), args, { encoding: "utf8" });
const simple = shippedObject("simple");

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

interface Comparison {
  what: string;
  rounds: number;
  unit: string;
  scale: number;
  limit: number;
  ours: number[];
  peers: number[];
}

/** Snapshots of simple's statistics while it runs. */
async function benchSnapshot(): Promise<Comparison> {
  const rounds = 15;
  const snapshots = 20_000;
  await using loaded = await (await BpfObject.open(simple)).load();
  await loaded.attach();
  const map = loaded.maps.find((one) => one.name === "scx_stats");
  const { stats } = loaded;
  const result: Comparison = { what: "snapshot of simple's statistics, against the same read in C", rounds, unit: "µs", scale: 1e3, limit: 1.15, ours: [], peers: [] };
  for (let i = 0; i < 2000; i++) stats.refresh();
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < snapshots; i++) stats.refresh();
    result.ours.push(Number(process.hrtime.bigint() - start) / snapshots);
    result.peers.push(Number(peer("snapshot", String(map?.id), String(snapshots)).split(" ")[0]));
  }
  return result;
}

/** From open to attach returned, each time in a fresh process. */
function benchLoading(): Comparison {
  const rounds = 20;
  const result: Comparison = { what: "from open to attach returned, against a C loader with the same duties", rounds, unit: "ms", scale: 1e6, limit: 1.1, ours: [], peers: [] };
  const library = () => Number(execFileSync(process.execPath, ["--import", "tsx", path("loader.ts"), simple], { encoding: "utf8" }));
  for (let round = -1; round < rounds; round++) {
    const [ours, peers] = [library(), Number(peer("loader", simple))];
    if (round < 0) continue; // the first pair warms the page cache
    result.ours.push(ours);
    result.peers.push(peers);
  }
  return result;
}

function row({ what, rounds, unit, scale, limit, ours, peers }: Comparison): string {
  const [our, their] = [median(ours), median(peers)];
  // The ratio of each pair, so that a slow minute counts for both sides; the median of those.
  const ratio = median(ours.map((value, i) => value / (peers[i] ?? 1)));
  const shown = (value: number) => `${(value / scale).toFixed(2)} ${unit}`;
  return `| ${what} | ${shown(our)} | ${shown(their)} | ${ratio.toFixed(2)}x | ${limit}x | ${rounds} |`;
}

const cpu = /model name\s*: (.*)/.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "unknown CPU";
const comparisons = [await benchSnapshot(), benchLoading()];
const text = `# What scxkit costs

Written by \`make bench\`: medians of alternating rounds in one run in the kernel VM; the ratio is the median of the rounds' own
ratios. Times are those of the VM, often emulated: only the ratios mean anything.

Kernel ${release()}, Node ${process.version}, ${cpu}.

| what | scxkit | C | ratio | at most | rounds |
| --- | --- | --- | --- | --- | --- |
${comparisons.map(row).join("\n")}
`;
writeFileSync(path("results.md"), text);
process.stdout.write(text);
