// SPDX-License-Identifier: MIT
// What Node itself needs for ticks: timer.mjs ROUNDS TICKS MS PART has a timer that does nothing, from that part of an interval
// on. Prints the ns of CPU time that each round of TICKS took.
import { setTimeout as sleep } from "node:timers/promises";

const [rounds, ticks, intervalMs, part] = process.argv.slice(2).map(Number);
await sleep(intervalMs * (1 + part) - (Date.now() % intervalMs));
let tick = 0;
let start = process.cpuUsage();
const timer = setInterval(() => {
  if (++tick % ticks !== 0) return;
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) * 1000} ns\n`);
  if (tick === rounds * ticks) clearInterval(timer);
  start = process.cpuUsage();
}, intervalMs);
