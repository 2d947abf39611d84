// SPDX-License-Identifier: MIT
// The library's side of the bench of watching, from dist, as users run it: watching.mjs OBJECT SECONDS attaches, says so, and
// waits for the scheduler to leave, for so long at most. Prints when it knew (ns of the monotonic clock, 0 for never), and the
// ns of CPU time that waiting took.
import { setTimeout as sleep } from "node:timers/promises";
import { BpfObject } from "../../dist/index.js";

const [path, seconds] = process.argv.slice(2);
const loaded = await (await BpfObject.open(path)).load();
const scheduler = await loaded.attach();
process.stdout.write("attached\n");
const start = process.cpuUsage();
const waiting = new AbortController();
const left = await Promise.race([
  scheduler.exited.then(() => process.hrtime.bigint()),
  sleep(Number(seconds) * 1000, 0n, { signal: waiting.signal }).catch(() => 0n),
]);
waiting.abort();
const { user, system } = process.cpuUsage(start);
process.stdout.write(`${left} ${(user + system) * 1000}\n`);
await loaded[Symbol.asyncDispose]();
