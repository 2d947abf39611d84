// SPDX-License-Identifier: MIT
// A thousand hosts, each with a sink of its own in this process, into one Kafka topic and into one Prometheus: what a host's
// sample costs the host, and what the broker or the server needs for all of them.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { MetricPoints } from "../../src/sinks/points.js";
import { PrometheusSink } from "../../src/sinks/prometheus.js";
import type { SinkQueue } from "../../src/sinks/queue.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { SampleRecord } from "../../src/sinks/sink.js";
import type { StatsSchema, StatValues } from "../../src/stats/schema.js";
import { fetchKafka, startKafka } from "../interop/kafka.js";
import { fetchPrometheus, startPrometheus } from "../interop/prometheus.js";
import { type Bench, figure, type Growth } from "./compare.js";

const hosts = 1000;
const rounds = 10;

const schema: StatsSchema = {
  name: "fleet_stats",
  stats: [
    ...Array.from({ length: 80 }, (_, i) => ({ name: `counter_${i}`, kind: "counter" as const, desc: "a counter" })),
    ...Array.from({ length: 15 }, (_, i) => ({ name: `gauge_${i}`, kind: "gauge" as const, desc: "a gauge" })),
    { name: "waited", kind: "histogram", unit: "us", desc: "a histogram" },
  ],
};

const labels = Array.from({ length: hosts }, (_, host) => ({ host: `host${host}`, kernel: "6.18.15", cpus: "128" }));

/** What a host says in a round, s after the one before. */
function sampleOf(host: number, round: number, interval = 1): SampleRecord {
  const delta = BigInt(host * 1009 + round * 17);
  const buckets = Array.from({ length: 64 }, (_, i) => (i < 20 ? BigInt(round + 1) * delta : 0n));
  const counts = { count: 20n * delta, sum: 999n * delta, buckets };
  const stats: StatValues = Object.fromEntries(
    schema.stats.map(({ name, kind }, i) => {
      if (kind === "gauge") return [name, { value: delta + BigInt(i) }];
      if (kind === "histogram") return [name, { ...counts, delta: counts }];
      return [name, { total: BigInt(round + 1) * 1_000_003n * BigInt(i + 1), delta: delta + BigInt(i) }];
    }),
  );
  const at = BigInt(Date.now()) * 1_000_000n;
  const sample = {
    at,
    interval: BigInt(interval) * 1_000_000_000n,
    epoch: 0,
    scheduler: "fleet",
    state: "enabled",
    stats,
  };
  return { type: "sample", group: "stats", schema, labels: labels[host] ?? {}, since: 1n, sample };
}

/** s of CPU time of a process, and MB that it has in memory. Linux counts in 1/100 s (USER_HZ). */
function usageOf(pid: number): { cpu: number; memory: number } {
  const times = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const memory = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpu: (Number(times[11]) + Number(times[12])) / 100, memory: Number(memory) / 1024 };
}

/** What some work costs this process and a peer, in s of CPU time. */
async function costs(pid: number, work: () => Promise<unknown>) {
  const [own, peer] = [process.cpuUsage(), usageOf(pid)];
  await work();
  const { user, system } = process.cpuUsage(own);
  const after = usageOf(pid);
  return { own: (user + system) / 1e6, peer: after.cpu - peer.cpu, memory: after.memory };
}

const written = (queues: readonly SinkQueue[]) => queues.reduce((all, { counts }) => all + counts.written, 0);

/** A row of the table: what, per sample of a host, and for all hosts at one sample a second. */
const rowOf = (
  what: string,
  samples: number,
  { own, peer, memory }: Awaited<ReturnType<typeof costs>>,
  bytes: number,
) => [
  what,
  `${figure((own / samples) * 1e6)} µs`,
  `${figure(bytes / 1000)} kB`,
  `${figure((peer / samples) * 1e6)} µs`,
  `${figure((peer / samples) * hosts * 100)}% of a core`,
  `${figure(memory)} MB`,
];

async function kafka(format: "json" | "protobuf", compression: "none" | "lz4"): Promise<string[]> {
  const what = `Kafka, ${format}${compression === "none" ? "" : `, ${compression}`}`;
  const got = await fetchKafka();
  if ("missing" in got) return [`${what}: ${got.missing}`];
  const broker = await startKafka(got.jars);
  const factory = await sinkFactory("kafka");
  const options = { brokers: [broker.address], topic: "fleet", format, compression };
  const queues = await Promise.all(labels.map(({ host }) => createSink({ name: host, factory, options })));
  try {
    await Promise.all(queues.map((queue) => queue.open()));
    const round = async (nth: number) => {
      for (const [host, queue] of queues.entries()) queue.push(sampleOf(host, nth));
      while (written(queues) < (nth + 1) * hosts) await sleep(5);
    };
    // Each has its connection and identity then.
    await round(0);
    const before = broker.bytes("fleet");
    const cost = await costs(broker.pid, async () => {
      for (let nth = 1; nth <= rounds; nth++) await round(nth);
    });
    const bytes = (broker.bytes("fleet") - before) / (rounds * hosts);
    return rowOf(what, rounds * hosts, cost, bytes);
  } finally {
    await Promise.all(queues.map((queue) => queue.close({ deadlineMs: 1000 })));
    await broker.stop();
  }
}

async function prometheus(): Promise<string[]> {
  const got = await fetchPrometheus();
  if ("missing" in got) return [`Prometheus: ${got.missing}`];
  const interval = 10;
  const sinks = labels.map(() => new PrometheusSink({ listen: "127.0.0.1:0", path: "/metrics", maxScrapes: 8 }));
  for (const [host, sink] of sinks.entries()) {
    await sink.open();
    sink.write([sampleOf(host, 0, interval)]);
  }
  const server = await startPrometheus(got.prometheus, {
    global: { scrape_interval: `${interval}s`, scrape_timeout: `${interval}s` },
    scrape_configs: [{ job_name: "fleet", static_configs: [{ targets: sinks.map(({ url }) => new URL(url).host) }] }],
  });
  try {
    const scraped = async (): Promise<number> => {
      const [all] = await server.query('sum(count_over_time(up{job="fleet"}[5m]))');
      return Number(all?.value[1] ?? 0);
    };
    while ((await scraped()) < hosts) await sleep(500);
    const before = await scraped();
    let samples = 0;
    const cost = await costs(server.pid, async () => {
      for (let nth = 1; nth <= 2; nth++) {
        for (const [host, sink] of sinks.entries()) sink.write([sampleOf(host, nth, interval)]);
        await sleep(interval * 1000);
      }
      samples = (await scraped()) - before;
    });
    const [up] = await server.query('count(up{job="fleet"} == 1)');
    if (Number(up?.value[1]) !== hosts) throw new Error(`Prometheus reaches ${up?.value[1] ?? 0} of ${hosts} hosts`);
    const text = await (await fetch(sinks[0]?.url ?? "")).text();
    const [series] = await server.query('count({job="fleet",__name__=~"scx_.*",host="host0"})');
    if (!(Number(series?.value[1]) > 100)) throw new Error(`Prometheus has ${series?.value[1] ?? 0} series of a host`);
    return rowOf("Prometheus, a scrape", samples, cost, Buffer.byteLength(text));
  } finally {
    await server.stop();
    await Promise.all(sinks.map((sink) => sink.close()));
  }
}

/** A fleet: one topic, one Prometheus. */
export const bench: Bench = async () => {
  const series = new MetricPoints().of(sampleOf(0, 0)).length;
  const growth: Growth = {
    what: `${hosts.toLocaleString("en")} hosts, ${series} metrics each (one of them a histogram), on one machine; CPU time, and a sample a second for the last but one`,
    columns: ["into", "host's CPU, a sample", "size", "peer's CPU, a sample", "peer, all hosts", "peer's memory"],
    rows: [
      await kafka("json", "none"),
      await kafka("json", "lz4"),
      await kafka("protobuf", "none"),
      await prometheus(),
    ],
  };
  return { comparisons: [], growth: [growth] };
};
