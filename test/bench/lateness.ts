// SPDX-License-Identifier: MIT
// One side of the bench of jitter: lateness.ts SINK… samples every 5 ms into sinks, each given as JSON: ["KIND",{…options}]. For each
// line on stdin it opens them, ticks a thousand times, closes them, and prints how late the 99th of 100 ticks came, in ms.
import { createInterface } from "node:readline";
import { Clock } from "../../src/sampler/clock.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import { Sinks } from "../../src/sinks/sinks.js";
import { record, schemaOf } from "./counters.js";

const [interval, ticks] = [5, 1000];
const schema = schemaOf(256);
const specs = process.argv.slice(2).map((text) => JSON.parse(text) as [kind: string, options: object]);

const open = async () => {
  const queues = specs.map(async ([kind, options], i) =>
    createSink({ name: `${kind}-${i}`, factory: await sinkFactory(kind), options }),
  );
  return Sinks.open(await Promise.all(queues));
};

/** How late each tick is, in ms. */
async function lateness(sinks: Sinks): Promise<number[]> {
  const late: number[] = [];
  let start = 0;
  let ticked = 0;
  await new Promise<void>((done) => {
    const clock = new Clock(interval, () => {
      const passed = performance.now() - start;
      // Those that were slept through came with it: as late as it, and each a whole interval more.
      for (const due = ++ticked + clock.missed; late.length < due; ) late.push(passed - (late.length + 1) * interval);
      sinks.push(record(schema, late.length));
      sinks.report();
      if (late.length < ticks) return;
      clock.stop();
      done();
    });
    start = performance.now();
    clock.start();
  });
  return late;
}

for await (const _ of createInterface({ input: process.stdin })) {
  const sinks = await open();
  const late = (await lateness(sinks)).sort((a, b) => a - b);
  await sinks.close({ deadlineMs: 100 });
  // Of so many that it isn't just the few worst.
  process.stdout.write(`${late[Math.floor(late.length * 0.99)]}\n`);
}
