// SPDX-License-Identifier: MIT
// What sinks cost: a scrape, JSON lines, and what a dead and a slow one do to the ticks.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PrometheusSink } from "../../src/sinks/prometheus.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import { type Bench, type Comparison, place } from "./compare.js";
import { record, schemaOf } from "./counters.js";

const rounds = 15;

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

/** A process that ticks, by {@link file://./lateness.ts}. */
function ticking(...specs: [kind: string, options: object][]) {
  const script = fileURLToPath(new URL("lateness.ts", import.meta.url));
  const args = ["--import", "tsx", script, ...specs.map((spec) => JSON.stringify(spec))];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.on("error", () => {}); // it has ended, which is told below
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** A round's lateness. */
    async round(): Promise<number> {
      child.stdin.write("\n");
      const { value, done } = await lines.next();
      if (done) throw new Error("a process that ticks ended before its time");
      return Number(value);
    },
    end: () => child.stdin.end(),
  };
}

/** Both sides at the same time: what else this machine does comes in seconds, and hits both. */
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
  const well = (name: string): [string, object] => ["jsonl", { file: join(folder, name) }];
  const dead: [string, object] = ["http", { url: `http://127.0.0.1:${nobodys}/`, queue: 100 }];
  const stalling: [string, object] = ["http", { url: `http://127.0.0.1:${port}/`, queue: 100, timeoutMs: 500 }];
  const alone = ticking(well("alone.jsonl"));
  const beside = ticking(well("beside.jsonl"), dead, stalling);
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = -2; round < 2 * rounds; round++) {
    const [late = Number.NaN, peers = Number.NaN] = await Promise.all([beside, alone].map((side) => side.round()));
    if (round < 0) continue;
    ours.push(late);
    values.push(peers);
  }
  alone.end();
  beside.end();
  slow.close();
  rmSync(folder, { recursive: true });
  const what = "lateness of ticks of 5 ms, 99th of 100, with a dead and a stalling sink beside one that is well";
  const peer = { name: "without those two", values };
  return { what, where: place("this machine"), unit: "ms", limit: { atMost: 1.1 }, ours, peer };
}

/** Sinks: a scrape, JSON lines, and how little one disturbs the others. */
export const bench: Bench = async () => ({ comparisons: [await scrapes(), await jsonLines(), await jitter()] });
