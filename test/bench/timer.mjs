// SPDX-License-Identifier: MIT
// What Node itself needs for ticks: timer.mjs WARM TICKS MS has a timer that does nothing, first WARM times. Prints the ns of CPU
// time that TICKS took.
const [warm, ticks, intervalMs] = process.argv.slice(2).map(Number);
let tick = 0;
let start;
const timer = setInterval(() => {
  tick++;
  if (tick === warm) start = process.cpuUsage();
  if (tick < warm + ticks) return;
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`${(user + system) * 1000} ns\n`);
  clearInterval(timer);
}, intervalMs);
