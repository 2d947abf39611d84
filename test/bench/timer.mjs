// SPDX-License-Identifier: MIT
// What Node itself needs for ticks: timer.mjs ROUNDS TICKS MS has a timer that does nothing. Prints the ns of CPU time that each round
// of TICKS took.
const [rounds, ticks, intervalMs] = process.argv.slice(2).map(Number);
let tick = 0;
let start = process.cpuUsage();
const timer = setInterval(() => {
  if (++tick % ticks !== 0) return;
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) * 1000} ns\n`);
  if (tick === rounds * ticks) clearInterval(timer);
  start = process.cpuUsage();
}, intervalMs);
