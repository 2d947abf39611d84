// SPDX-License-Identifier: MIT
// The library's side of the bench of ticks, from dist, as users run it: ticks.mjs OBJECT ROUNDS TICKS MS PART [reuse] samples every so
// many ms, from that part of an interval on. Prints the map's id when it begins, and the ns of CPU time that each round of TICKS took.
import { setTimeout as sleep } from "node:timers/promises";
import { BpfObject, Sampler } from "../../dist/index.js";

const [path, ...options] = process.argv.slice(2);
const [rounds, ticks, intervalMs, part] = options.map(Number);
const loaded = await (await BpfObject.open(path)).load();
await loaded.run("count_wide", { n: 1000 }); // zeros would be smaller
const sampler = new Sampler(loaded.stats, { intervalMs });
const samples = sampler.iterate({ reuse: options.includes("reuse") });
let checksum = 0n; // as the peer has one
process.stdout.write(`${loaded.maps.scx_stats.id}\n`);
await sleep(intervalMs * (1 + part) - (Date.now() % intervalMs));
for (let round = 0; round < rounds; round++) {
  const start = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick++) {
    const { stats } = (await samples.next()).value;
    checksum += stats.c00.total + stats.cff.delta;
  }
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) * 1000} ${checksum}\n`);
}
await samples.return();
await loaded[Symbol.asyncDispose]();
