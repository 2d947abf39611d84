// SPDX-License-Identifier: MIT
// The library's side of the bench of ticks, from dist, as users run it: ticks.mjs OBJECT WARM TICKS MS samples every so many ms, first
// WARM ticks, until what runs at each is compiled and what the start left behind is collected. Prints the map's id when it begins to
// count, at the end the ns of CPU time that TICKS took.
import { BpfObject, Sampler } from "../../dist/index.js";

const [path, ...numbers] = process.argv.slice(2);
const [warm, ticks, intervalMs] = numbers.map(Number);
const loaded = await (await BpfObject.open(path)).load();
const sampler = new Sampler(loaded.stats, { intervalMs });
const samples = sampler[Symbol.asyncIterator]();
let checksum = 0n; // as the peer has one
const take = async (count) => {
  for (let tick = 0; tick < count; tick++) {
    const { stats } = (await samples.next()).value;
    checksum += stats.c00.total + stats.cff.delta;
  }
};
await take(warm);
process.stdout.write(`${loaded.maps.scx_stats.id}\n`);
const start = process.cpuUsage();
await take(ticks);
const { user, system } = process.cpuUsage(start);
process.stdout.write(`${(user + system) * 1000} ${checksum}\n`);
await samples.return();
await loaded[Symbol.asyncDispose]();
