// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { packageVersion } from "../../src/package.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { StatsSchema } from "../../src/stats/schema.js";
import { checkout } from "../objects.js";
import { freePorts } from "../ports.js";
import { nthRecord, recordOf } from "../unit/sinks/record.js";
import { type Collector, startCollector } from "./collector.js";
import { goProgram } from "./go.js";
import type { Missing } from "./peer.js";

let built: { program: string } | Missing;
beforeAll(async () => {
  built = await goProgram("collector");
}, 600_000);
beforeEach(({ skip }) => {
  if ("missing" in built) skip(built.missing);
});

let collector: Collector;
afterEach(() => collector?.kill());
async function start(port?: number) {
  if ("missing" in built) throw new Error(built.missing);
  collector = await startCollector(built.program, port);
  return collector;
}

async function opened(options: object) {
  const queue = await createSink({ name: "otlp", factory: await sinkFactory("otlp"), options });
  await queue.open();
  return queue;
}

const schema: StatsSchema = {
  name: "all",
  stats: [
    { name: "greedy", kind: "counter", desc: "dispatches", family: { name: "dispatched", labels: { type: "greedy" } } },
    { name: "local", kind: "counter", desc: "dispatches", family: { name: "dispatched", labels: { type: "local" } } },
    { name: "waited", kind: "counter", unit: "ns" },
    { name: "moved", kind: "counter", unit: "tasks" },
    { name: "depth", kind: "gauge" },
    { name: "memory", kind: "gauge", type: "u64", unit: "bytes" },
    { name: "mode", kind: "gauge", type: "string" },
    { name: "slept", kind: "histogram", unit: "us" },
  ],
};
const second = 1_000_000_000n;
const none = Array<bigint>(64).fill(0n);
const buckets = none.with(0, 1n).with(3, 7n);
const values = {
  greedy: { total: 2n ** 53n + 2n, delta: 100n },
  local: { total: 7n, delta: 7n },
  waited: { total: 10_500_000_000n, delta: 10_000_000n },
  moved: { total: 3n, delta: 1n },
  depth: { value: -3n },
  memory: { value: 4096n },
  mode: { value: "batch" },
  slept: { count: 8n, sum: 40n, buckets, delta: { count: 1n, sum: 5n, buckets: none.with(3, 1n) } },
};
const began = 1763629200n * second;
const sample = { at: began + 10n * second + 7n, interval: second };
const labels = { host: "hosta", kernel: "6.18.0", cpu_model: "Some CPU", scxkit: packageVersion, rack: "7" };

it.each(["cumulative", "delta"])("the collector understands %s metrics", async (temporality) => {
  const { endpoint, received } = await start();
  const queue = await opened({ endpoint, temporality, compression: "gzip" });
  queue.push(recordOf(schema, values, { labels, since: began, sample }));
  await queue.close({ deadlineMs: 20_000 });
  expect(queue.counts).toMatchObject({ written: 1, dropped: 0, failing: undefined });
  await vi.waitFor(() => expect(received).toHaveLength(1), 50_000);
  const [of] = received[0]?.resourceMetrics ?? [];
  const attributes = of?.resource.attributes.map(({ key, value }) => [key, value.stringValue]);
  expect(Object.fromEntries(attributes ?? [])).toMatchObject({
    "service.name": "scxkit",
    "service.version": packageVersion,
    "service.instance.id": "hosta",
    "host.name": "hosta",
    "host.cpu.model.name": "Some CPU",
    "os.type": "linux",
    "os.version": "6.18.0",
    rack: "7",
  });
  const metrics = of?.scopeMetrics[0]?.metrics ?? [];
  const text = metrics.map((metric) => `${JSON.stringify(metric)}\n`).join("");
  await expect(text).toMatchFileSnapshot(join(checkout, `test/golden/otlp-${temporality}.jsonl`));
});

it("what waited while the receiver was away comes in order when it is back", async () => {
  const [port] = await freePorts(1);
  const queue = await opened({
    endpoint: `http://127.0.0.1:${port}`,
    retryMs: 50,
    batch: 3,
  });
  for (let n = 1; n <= 10; n++) queue.push(nthRecord(n));
  await vi.waitFor(() => expect(queue.counts.failures).toBeGreaterThan(0), 30_000);
  const { received } = await start(port);
  for (let n = 11; n <= 20; n++) queue.push(nthRecord(n));
  await queue.close({ deadlineMs: 20_000 });
  expect(queue.counts).toMatchObject({ written: 20, dropped: 0, queued: 0 });
  const totals = () =>
    received.flatMap(({ resourceMetrics: [of] }) => {
      const metrics = of?.scopeMetrics[0]?.metrics as { name: string; sum: { dataPoints: { asInt: string }[] } }[];
      return metrics.find(({ name }) => name === "scx_events")?.sum.dataPoints.map(({ asInt }) => Number(asInt)) ?? [];
    });
  await vi.waitFor(() => expect(totals()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1)), 50_000);
});
