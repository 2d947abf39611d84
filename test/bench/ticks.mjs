// SPDX-License-Identifier: MIT
// The library's side of the bench of ticks, from dist, as users run it: ticks.mjs OBJECT SECONDS samples once a second. Prints the
// map's id when it begins, at the end the ns of CPU time that this took.
import { BpfObject, Sampler } from "../../dist/index.js";

const [path, seconds] = process.argv.slice(2);
const loaded = await (await BpfObject.open(path)).load();
const sampler = new Sampler(loaded.stats, { intervalMs: 1000 });
const samples = sampler[Symbol.asyncIterator]();
process.stdout.write(`${loaded.maps.scx_stats.id}\n`);
const start = process.cpuUsage();
for (let tick = 0; tick < Number(seconds); tick++) await samples.next();
const { user, system } = process.cpuUsage(start);
process.stdout.write(`${(user + system) * 1000}\n`);
await samples.return();
await loaded[Symbol.asyncDispose]();
