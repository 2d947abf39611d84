// SPDX-License-Identifier: MIT
// What sinks cost: a scrape, JSON lines, and what a dead and a slow one do to the ticks.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Clock } from "../../src/sampler/clock.js";
import { PrometheusSink } from "../../src/sinks/prometheus.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { SampleRecord } from "../../src/sinks/sink.js";
import { Sinks } from "../../src/sinks/sinks.js";
import type { StatsSchema, StatValues } from "../../src/stats/schema.js";
import { type Bench, type Comparison, place } from "./compare.js";

const rounds = 15;
const labels = { host: "bench" };

/** A scheduler with so many counters, half of them of families. */
function schemaOf(counters: number): StatsSchema {
  const stats = Array.from({ length: counters }, (_, i) => ({
    name: `counter_${i}`,
    kind: "counter" as const,
    desc: `the counter with number ${i}`,
    ...(i % 2 === 0 && { family: { name: `family_${i % 50}`, labels: { nth: String(i) } } }),
  }));
  return { name: "bench_stats", stats };
}

function record(schema: StatsSchema, tick: number): SampleRecord {
  const stats: StatValues = {};
  for (const [i, { name }] of schema.stats.entries())
    stats[name] = { total: BigInt(tick * 1000 + i) * 1_000_003n, delta: BigInt(i) };
  const sample = { interval: 1_000_000_000n, epoch: 0, scheduler: "bench", state: "enabled", stats };
  return { type: "sample", group: "stats", schema, labels, since: 1n, sample: { at: BigInt(tick), ...sample } };
}

/** ms of CPU time that this process took, all its threads included. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** A scraper in a process of its own, so that only the server's time counts: gives the bytes of each answer. */
function scraper(url: string) {
  const program = `process.stdin.on("data", async () => {
    const text = await (await fetch(${JSON.stringify(url)}, { headers: { accept: "application/openmetrics-text" } })).text();
    console.log(text.split("\\n").length);
  })`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async scrape(): Promise<number> {
      child.stdin.write("x");
      return Number((await lines.next()).value);
    },
    end: () => child.stdin.end() && child.kill(),
  };
}

async function scrapes(): Promise<Comparison> {
  const series = 5000;
  const schema = schemaOf(series);
  const sink = new PrometheusSink({ listen: "127.0.0.1:0", path: "/metrics", maxScrapes: 8 });
  await sink.open();
  const { scrape, end } = scraper(sink.url);
  const ours: number[] = [];
  for (let round = -5; round < rounds; round++) {
    const tick = record(schema, round);
    const ms = await cpuMs(async () => {
      sink.write([tick]);
      if ((await scrape()) < series * 2) throw new Error("a scrape was cut short");
    });
    if (round >= 0) ours.push(ms);
  }
  end();
  await sink.close();
  const what = `CPU time of a tick of ${series.toLocaleString("en")} series taken over and scraped`;
  return { what, where: place("this machine"), unit: "ms", limit: { atMost: 15 }, ours };
}

async function jsonLines(): Promise<Comparison> {
  const samples = 50_000;
  const schema = schemaOf(7);
  const folder = mkdtempSync(join(tmpdir(), "scxkit-bench-"));
  const records = Array.from({ length: samples }, (_, i) => record(schema, i));
  const ours: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const options = { file: join(folder, `${round}.jsonl`), queue: samples };
    const queue = await createSink({ name: "jsonl", factory: await sinkFactory("jsonl"), options });
    await queue.open();
    const ms = await cpuMs(async () => {
      for (const one of records) queue.push(one);
      await queue.close({ deadlineMs: 60_000 });
    });
    if (queue.counts.written !== samples) throw new Error(`${queue.counts.dropped} samples were lost`);
    if (round >= 0) ours.push((samples / ms) * 1000);
    rmSync(options.file);
  }
  rmSync(folder, { recursive: true });
  const what = "samples of 7 statistics into JSON lines, in a second of CPU time";
  return { what, where: place("this machine"), unit: "samples/s", limit: { atLeast: 100_000 }, ours };
}

/** How late each of so many ticks is, in ms. */
async function lateness(sinks: Sinks): Promise<number[]> {
  const [interval, ticks] = [5, 1000];
  const schema = schemaOf(256);
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

/** The 99th of 100. Of so many that it isn't just the few worst. */
const p99 = (late: readonly number[]): number =>
  [...late].sort((a, b) => a - b)[Math.floor(late.length * 0.99)] ?? Number.NaN;

async function jitter(): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-bench-"));
  // It takes connections, and never answers.
  const slow = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  await once(slow, "listening");
  const { port } = slow.address() as { port: number };
  // Nobody listens there any more.
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port: nobodys } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const open = async (...specs: [string, object][]) => {
    const queues = specs.map(async ([kind, options], i) =>
      createSink({ name: `${kind}-${i}`, factory: await sinkFactory(kind), options }),
    );
    return Sinks.open(await Promise.all(queues));
  };
  const well: [string, object] = ["jsonl", { file: join(folder, "well.jsonl") }];
  const dead: [string, object] = ["http", { url: `http://127.0.0.1:${nobodys}/`, queue: 100 }];
  const stalling: [string, object] = ["http", { url: `http://127.0.0.1:${port}/`, queue: 100, timeoutMs: 500 }];
  const measure = async (...specs: [string, object][]) => {
    const sinks = await open(...specs);
    const late = await lateness(sinks);
    await sinks.close({ deadlineMs: 100 });
    return late;
  };
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round++) {
    // Each goes first once: what becomes slower meanwhile hits both.
    const alone = await measure(well);
    const beside = [...(await measure(well, dead, stalling)), ...(await measure(well, dead, stalling))];
    alone.push(...(await measure(well)));
    if (round < 0) continue;
    ours.push(p99(beside));
    values.push(p99(alone));
  }
  slow.close();
  rmSync(folder, { recursive: true });
  const what = "lateness of ticks of 5 ms, 99th of 100, with a dead and a stalling sink beside one that is well";
  const peer = { name: "without those two", values };
  return { what, where: place("this machine"), unit: "ms", limit: { atMost: 1.1 }, ours, peer };
}

/** Sinks: a scrape, JSON lines, and how little one disturbs the others. */
export const bench: Bench = async () => ({ comparisons: [await scrapes(), await jsonLines(), await jitter()] });
