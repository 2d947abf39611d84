// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { ValueType } from "@opentelemetry/api";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { OtlpMetrics } from "../../../src/sinks/otlp_metrics.js";
import { MetricPoints } from "../../../src/sinks/points.js";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import type { SampleRecord } from "../../../src/sinks/sink.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { eventRecord, nthRecord, recordOf } from "./record.js";

const enums = { ValueType, AggregationTemporality, DataPointType };
const { CUMULATIVE, DELTA } = AggregationTemporality;
const { INT, DOUBLE } = ValueType;

/** Metrics as OTLP has them, over several writes of the same sink. */
function mapping(delta = false) {
  const points = new MetricPoints();
  const metrics = new OtlpMetrics(enums, delta);
  return (...records: SampleRecord[]) => metrics.of(records.map((record) => [record, points.of(record)]));
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
    { name: "load", kind: "gauge", type: "float" },
    { name: "mode", kind: "gauge", type: "string" },
    { name: "slept", kind: "histogram", unit: "us" },
  ],
};
const empty = { count: 0n, sum: 0n, buckets: Array<bigint>(64).fill(0n) };
const buckets = Array<bigint>(64).fill(0n).with(0, 1n).with(3, 2n).with(63, 1n);
const values = {
  greedy: { total: 7n, delta: 2n },
  local: { total: 2n ** 63n, delta: 1n },
  waited: { total: 1_500_000_000n, delta: 500_000_000n },
  moved: { total: 4n, delta: 0n },
  depth: { value: -3n },
  memory: { value: 4096n },
  load: { value: 0.25 },
  mode: { value: "batch" },
  slept: { count: 4n, sum: 12n, buckets, delta: { ...empty, count: 1n, sum: 5n, buckets: empty.buckets.with(3, 1n) } },
};
const labels = { host: "hosta", cpus: "8" };
const second = 1_000_000_000n;
const about = { labels, since: 100n * second, sample: { at: 110n * second + 5n, interval: second } };

describe("metrics", () => {
  const all = mapping()(recordOf(schema, values, about));
  const named = (name: string) => all.find(({ descriptor }) => descriptor.name === name);
  const [startTime, endTime] = [
    [100, 0],
    [110, 5],
  ];

  it("a family is one monotonic sum, cumulative since the run began", () => {
    expect(named("scx_dispatched")).toEqual({
      // As one of them is above what OTLP's integers hold.
      descriptor: { name: "scx_dispatched", description: "dispatches", unit: "", valueType: DOUBLE },
      aggregationTemporality: CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: [
        { startTime, endTime, attributes: { scheduler: "simple", type: "greedy" }, value: 7 },
        { startTime, endTime, attributes: { scheduler: "simple", type: "local" }, value: 2 ** 63 },
      ],
    });
  });

  it.each([
    ["scx_waited", "s", DOUBLE, 1.5],
    ["scx_moved_tasks", "{tasks}", INT, 4],
    ["scx_depth", "", INT, -3],
    ["scx_memory", "By", INT, 4096],
    ["scx_load", "", DOUBLE, 0.25],
    ["scx_mode_info", "", INT, 1],
    ["scx_restarts", "", INT, 0],
  ])("%s is in %o", (name, unit, valueType, value) => {
    expect(named(name)?.descriptor).toMatchObject({ unit, valueType });
    expect(named(name)?.dataPoints.map((point) => point.value)).toEqual([value]);
  });

  it("a family whose members are in ms and in us is one metric, in seconds", () => {
    const family = (what: string) => ({ name: "time", labels: { what } });
    const times: StatsSchema = {
      name: "times",
      stats: [
        { name: "run", kind: "counter", unit: "us", family: family("run") },
        { name: "wait", kind: "counter", unit: "ms", family: family("wait") },
      ],
    };
    const total = (total: bigint) => ({ total, delta: 0n });
    const found = mapping()(recordOf(times, { run: total(2_000_000n), wait: total(2_000n) }));
    const shown = found.filter(({ descriptor }) => descriptor.name === "scx_time");
    expect(shown.map(({ dataPoints }) => dataPoints.map(({ value }) => value))).toEqual([[2, 2]]);
  });

  it("a text is an attribute, a state has a point for each", () => {
    expect(named("scx_mode_info")?.dataPoints[0]?.attributes).toEqual({ scheduler: "simple", mode: "batch" });
    const states = named("scx_state")?.dataPoints.map(({ attributes, value }) => [attributes.scx_state, value]);
    expect(states).toContainEqual(["enabled", 1]);
    expect(states).toContainEqual(["disabled", 0]);
  });

  it("a histogram has the largest value of each bucket as its bound", () => {
    const [point] = named("scx_slept")?.dataPoints ?? [];
    expect(point).toMatchObject({ startTime, endTime, value: { count: 4, sum: 0.000012 } });
    const value = point?.value as { buckets: { boundaries: number[]; counts: number[] } };
    const { boundaries, counts } = value.buckets;
    expect(boundaries.slice(0, 5)).toEqual([0, 0.000001, 0.000003, 0.000007, 0.000015]);
    expect(counts.slice(0, 5)).toEqual([1, 0, 0, 2, 0]);
    expect(counts).toHaveLength(boundaries.length + 1);
    expect(counts.at(-1)).toBe(1);
  });

  it("deltas on request, each since the sample before", () => {
    const deltas = mapping(true)(recordOf(schema, values, about));
    expect(deltas.find(({ descriptor }) => descriptor.name === "scx_waited")).toMatchObject({
      aggregationTemporality: DELTA,
      dataPoints: [{ startTime: [109, 5], endTime: [110, 5], value: 0.5 }],
    });
    const slept = deltas.find(({ descriptor }) => descriptor.name === "scx_slept");
    expect(slept?.dataPoints[0]?.value).toMatchObject({ count: 1, sum: 0.000005 });
  });

  it("samples of one write stand side by side", () => {
    const [events] = mapping()(nthRecord(1), nthRecord(2));
    expect(events?.dataPoints.map(({ endTime, value }) => [endTime, value])).toEqual([
      [[0, 1], 1],
      [[0, 2], 2],
    ]);
  });

  it("a total that fell began again after the sample before; a retry is none", () => {
    const map = mapping();
    const starts = (n: number, at: number) =>
      map(nthRecord(n, { sample: { at: BigInt(at) } }))[0]?.dataPoints.map((point) => point.startTime[1]);
    expect([starts(5, 10), starts(7, 20), starts(2, 30), starts(7, 20), starts(3, 40)].flat()).toEqual([
      9, 9, 20, 20, 20,
    ]);
  });

  it("a total that fell began again also where it is said since when it counts, until that is said anew", () => {
    const map = mapping();
    const starts = (n: number, at: number, since: bigint) =>
      map(nthRecord(n, { since, sample: { at: BigInt(at) } }))[0]?.dataPoints.map((point) => point.startTime[1]);
    expect([starts(5, 10, 1n), starts(2, 20, 1n), starts(3, 30, 1n), starts(4, 40, 35n)].flat()).toEqual([
      1, 10, 10, 35,
    ]);
  });

  it("a series goes on with its beginning under other labels of the run", () => {
    const map = mapping();
    const starts = (n: number, at: number, labels: Record<string, string>) =>
      map(nthRecord(n, { labels, sample: { at: BigInt(at) } }))[0]?.dataPoints.map((point) => point.startTime[1]);
    expect(
      [
        starts(5, 10, { site: "a" }),
        starts(7, 20, { site: "a" }),
        starts(8, 25, { site: "a" }), // another object
        starts(9, 30, { site: "b" }),
        starts(2, 40, { site: "c" }), // whoever counts has begun again meanwhile
        starts(3, 50, { site: "a" }),
      ].flat(),
    ).toEqual([9, 9, 9, 9, 30, 30]);
  });
});

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** The answer of a receiver that didn't take some values (ExportMetricsServiceResponse, with its ExportMetricsPartialSuccess). */
function partialSuccess(rejected: number, message: string): Buffer {
  const inside = [0x08, rejected, 0x12, message.length, ...Buffer.from(message)];
  return Buffer.from([0x0a, inside.length, ...inside]);
}

/** A receiver that answers with these statuses, or with 200 and a body, then with 200. */
async function receiver(...statuses: (number | Buffer)[]) {
  const requests: { url: string | undefined; type: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const type = request.headers["content-type"];
    requests.push({ url: request.url, type, body: Buffer.concat(chunks).toString("latin1") });
    const answer = statuses.shift() ?? 200;
    if (typeof answer === "number") response.writeHead(answer).end();
    else response.writeHead(200, { "content-type": "application/x-protobuf" }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close().closeAllConnections());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function opened(options: object) {
  const factory = await sinkFactory("otlp");
  const queue = await createSink({ name: "otlp", factory, options: { retryMs: 1, ...options } });
  await queue.open();
  ends.push(() => queue.close());
  return queue;
}

describe("sink", () => {
  it("posts protobuf to the usual path; events are no metrics", async () => {
    const { endpoint, requests } = await receiver();
    const queue = await opened({ endpoint });
    queue.push(eventRecord);
    queue.push(nthRecord(1));
    await queue.close();
    expect(queue.counts).toMatchObject({ written: 2, dropped: 0, failures: 0 });
    expect(requests).toEqual([
      { url: "/v1/metrics", type: "application/x-protobuf", body: expect.stringContaining("scx_events") },
    ]);
  });

  it("says who it is: of each host in a request of its own, the environment's word above ours", async () => {
    const { endpoint, requests } = await receiver();
    process.env.OTEL_RESOURCE_ATTRIBUTES = "deployment.environment.name=test,host.name=from-env";
    ends.push(() => delete process.env.OTEL_RESOURCE_ATTRIBUTES);
    const queue = await opened({ endpoint, attributes: { team: "kernel" } });
    queue.push(nthRecord(1, { labels: { host: "hosta", rack: "7" } }));
    queue.push(nthRecord(2, { labels: { host: "hostb" } }));
    await queue.close();
    expect(requests).toHaveLength(2);
    const body = requests[0]?.body ?? "";
    for (const text of [
      "service.name",
      "scxkit",
      "service.instance.id",
      "hosta",
      "rack",
      "from-env",
      "team",
      "kernel",
      "test",
    ])
      expect(body).toContain(text);
    expect(requests[1]?.body).toContain("hostb");
  });

  it("is of this host, when no label says of which", async () => {
    const { endpoint, requests } = await receiver();
    const queue = await opened({ endpoint });
    queue.push(nthRecord(1));
    await queue.close();
    expect(requests[0]?.body).toContain(hostname());
  });

  it("tries again what may be taken another time, and drops what won't", async () => {
    const { endpoint, requests } = await receiver(500, 401, 400);
    const queue = await opened({ endpoint, maxPoints: 1 });
    queue.push(nthRecord(1));
    queue.push(nthRecord(2));
    await queue.close();
    // Twice until the first is refused, then the second.
    expect(queue.counts).toMatchObject({ written: 1, dropped: 1, failures: 2 });
    expect(requests).toHaveLength(4);
  });

  it("doesn't send again what was taken before a failure", async () => {
    const { endpoint, requests } = await receiver(200, 400, 500);
    const queue = await opened({ endpoint, maxPoints: 1 });
    for (const n of [1, 2, 3]) queue.push(nthRecord(n));
    await queue.close();
    expect(queue.counts).toMatchObject({ written: 2, dropped: 1, failures: 1 });
    expect(requests).toHaveLength(4);
    expect(requests[3]?.body).toBe(requests[2]?.body);
  });

  it("counts what a receiver didn't take of a request, and doesn't send that again", async () => {
    const said: string[] = [];
    const listen = (record: unknown) => said.push((record as LogRecord).text);
    subscribe("scxkit:log", listen);
    ends.push(() => unsubscribe("scxkit:log", listen));
    const { endpoint, requests } = await receiver(
      partialSuccess(7, "too old"), // of twelve values in two records
      partialSuccess(0, "soon deprecated"),
      partialSuccess(0, "soon deprecated"),
    );
    const queue = await opened({ endpoint, batch: 2 });
    for (let n = 1; n <= 6; n++) queue.push(nthRecord(n));
    await queue.close();
    expect(requests).toHaveLength(3);
    expect(queue.counts).toMatchObject({ written: 4, dropped: 2, failures: 0 });
    expect(said).toEqual([
      "sink otlp lost 2 of its records: it refused them: 7 of 12 values weren't taken: too old",
      "sink otlp: the receiver takes all, and says: soon deprecated",
      "sink otlp lost 2 records in all",
    ]);
  });

  it("refuses what is no address", async () => {
    const factory = await sinkFactory("otlp");
    const made = (endpoint: string) => createSink({ name: "otlp", factory, options: { endpoint } });
    await expect(made("collector:4318 or so")).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await expect(made("http://me:s3cret@host:99999")).rejects.toThrow('"http://…@host:99999" is no address');
  });
});
