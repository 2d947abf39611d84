// SPDX-License-Identifier: MIT
// A week of an agent's ticks, one right after the other: 256 counters, scxkit's own, detectors, and Prometheus. Prints what
// the heap grew by after the first day, in MB, and the µs of a tick.
import { setImmediate as turn } from "node:timers/promises";
import { Anomalies } from "../../src/agent/anomalies.js";
import { Collector } from "../../src/agent/collector.js";
import { detector as threshold } from "../../src/agent/threshold.js";
import { detector as zscore } from "../../src/agent/zscore.js";
import { createSink, type SampleRecord, sinkFactory, stat, type ValueSource } from "../../src/index.js";
import { groupSource } from "../../src/source/groups.js";
import { defineStats } from "../../src/stats/define.js";

/** Ticks a day: fewer for a quick look. */
const day = Number(process.argv[2] ?? 86_400);
const names = Array.from({ length: 256 }, (_, i) => `c${i}`);
let ticks = 0n;
const counters: ValueSource = {
  name: "stats",
  schema: defineStats("many", Object.fromEntries(names.map((name) => [name, stat.counter()]))),
  read: () => Object.fromEntries(names.map((name, i) => [name, ticks * BigInt(i)])),
};

const options = { listen: "127.0.0.1:0" };
const sink = await createSink({ name: "prometheus", factory: await sinkFactory("prometheus"), options });
await sink.open();
const anomalies = new Anomalies();
const severity = "warning" as const;
anomalies.use(
  [
    { name: "far", made: zscore.create({ metric: "stats.c2*", severity, sigma: 3, window: 60, least: 10 }) },
    { name: "over", made: threshold.create({ metric: "stats.c1*", severity, above: 100, forMs: 0 }) },
  ],
  new Set(["stats", "self", "anomalies"]),
);
const labels = { host: "here" };
const collector = new Collector(
  1000,
  () => ({ scheduler: "many", state: "enabled", epoch: 0 }),
  (group, schema, sample) => {
    const record: SampleRecord = { type: "sample", group, schema, sample, labels };
    sink.push(record);
    for (const _ of anomalies.see(record)) ticks += 0n;
  },
);
collector.use(new Map([counters, groupSource("self"), anomalies].map((source) => [source.name, source])));

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
/** Bytes in use when nothing is left to be freed. */
async function inUse(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await turn();
    collect();
  }
  return process.memoryUsage().heapUsed;
}

async function aDay(): Promise<void> {
  for (let i = 0; i < day; i++) {
    ticks++;
    collector.tick();
    if (i % 10 === 0) await turn(); // the sink's turn
  }
}

await aDay();
const before = await inUse();
const start = performance.now();
for (let i = 1; i < 7; i++) await aDay();
const tick = ((performance.now() - start) / (6 * day)) * 1000;
process.stdout.write(JSON.stringify({ grown: ((await inUse()) - before) / 1e6, tick }));
collector.close();
await sink.close();
