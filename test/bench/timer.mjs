// SPDX-License-Identifier: MIT
// What Node itself needs for ticks: timer.mjs TICKS MS has a timer that does nothing, first for half as many ticks. Prints the ns of
// CPU time that the others took.
const [ticks, intervalMs] = process.argv.slice(2).map(Number);
let tick = 0;
let start = process.cpuUsage();
const timer = setInterval(() => {
  tick++;
  if (tick === ticks / 2) start = process.cpuUsage();
  if (tick < ticks * 1.5) return;
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) * 1000} ns\n`);
  clearInterval(timer);
}, intervalMs);
