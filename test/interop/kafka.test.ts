// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { documentOf } from "../../src/sinks/document.js";
import type { SinkQueue } from "../../src/sinks/queue.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { SinkRecord } from "../../src/sinks/sink.js";
import { checkout } from "../objects.js";
import { nthRecord, recordOf } from "../unit/sinks/record.js";
import { fetchKafka, type KafkaBroker, login, readKafka, startKafka } from "./kafka.js";
import { LossyProxy } from "./lossy_proxy.js";
import { type Missing, run } from "./peer.js";

// Kafka takes its time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

let kafka: { jars: string; broker: KafkaBroker } | Missing;
const proxy = new LossyProxy();

beforeAll(async () => {
  const got = await fetchKafka();
  kafka = "missing" in got ? got : { ...got, broker: await startKafka(got.jars, await proxy.listen()) };
}, 300_000);
afterAll(async () => {
  proxy.close();
  if ("broker" in kafka) await kafka.broker.stop();
});
beforeEach(({ skip }) => {
  if ("missing" in kafka) skip(kafka.missing);
});

const running = () => {
  if ("missing" in kafka) throw new Error(kafka.missing);
  return kafka;
};

const labels = { host: "hosta" };

/** A queue before a Kafka sink, open. */
async function opened(topic: string, options: object = {}): Promise<SinkQueue> {
  const queue = await createSink({
    name: "kafka",
    factory: await sinkFactory("kafka"),
    options: { brokers: [running().broker.address], topic, retryMs: 50, retryMaxMs: 200, ...options },
  });
  await queue.open();
  return queue;
}

const read = (topic: string, count: number) => readKafka(running().jars, running().broker, topic, count);

const lines = (messages: [string, Buffer][]) => messages.map(([key, value]) => `${key} ${value}`);

it("writes the document of each record, keyed by host", async () => {
  const records: SinkRecord[] = [
    nthRecord(1, { labels }),
    {
      type: "event",
      name: "exit",
      at: 5n,
      scheduler: "simple",
      severity: "info",
      message: "",
      fields: { code: 0n },
      labels,
    },
    nthRecord(2, { labels: { host: "hostb" } }),
  ];
  const queue = await opened("documents");
  for (const record of records) queue.push(record);
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: 3, dropped: 0 });
  const got = lines(await read("documents", 3));
  expect(got).toEqual(records.map((record) => `${record.labels.host} ${documentOf(record)}`));
});

it.each(["gzip", "snappy", "lz4"])("compresses with %s as Kafka does", async (compression) => {
  const queue = await opened(compression, { compression });
  for (let n = 1; n <= 50; n++) queue.push(nthRecord(n, { labels }));
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: 50, dropped: 0 });
  expect(lines(await read(compression, 50)).at(-1)).toBe(`hosta ${documentOf(nthRecord(50, { labels }))}`);
});

it("writes protobuf that protoc reads", async ({ skip }) => {
  const proto = join(checkout, "src/sinks");
  if ((await run("protoc", ["--version"])).status !== 0) skip("protoc is not installed");
  const u64 = 2n ** 64n - 1n;
  const buckets = [1n, 0n, u64];
  const schema = { name: "all", stats: [] };
  const queue = await opened("protobuf", { format: "protobuf" });
  const values = {
    count: { total: u64, delta: 7n },
    level: { value: -5n },
    load: { value: 0.25 },
    mode: { value: "greedy" },
    wait: { count: 3n, sum: u64, buckets, delta: { count: 1n, sum: 2n, buckets: [0n, 1n, 0n] } },
    cpus: { items: [{ value: 3n }, { fields: { busy: { value: 1n } } }] },
    layers: { entries: { batch: { total: 2n ** 53n + 1n, delta: 0n } } },
  };
  queue.push(
    recordOf(schema, values, { labels, sample: { at: 1763629200000000001n, interval: 1000012345n, epoch: 2 } }),
  );
  const fields = { kind: "unreg", number: 64n };
  queue.push({
    type: "event",
    name: "exit",
    at: 6n,
    scheduler: "simple",
    severity: "error",
    message: "bye",
    fields,
    labels,
  });
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: 2, dropped: 0, failing: undefined });
  const texts = await Promise.all(
    (await read("protobuf", 2)).map(async ([, input]) => {
      const decoded = await run("protoc", ["--decode=scxkit.Record", `-I${proto}`, "scxkit.proto"], { input });
      expect(decoded.stderr).toBe("");
      return decoded.stdout;
    }),
  );
  await expect(texts.join("---\n")).toMatchFileSnapshot(join(checkout, "test/golden/record.pbtxt"));
});

it("leaves out what is larger than the broker takes, and only that", async () => {
  const large = recordOf({ name: "large", stats: [] }, { text: { value: "x".repeat(2_000_000) } }, { labels });
  const queue = await opened("large");
  for (const record of [nthRecord(1, { labels }), large, nthRecord(2, { labels })]) queue.push(record);
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: 2, dropped: 1, failures: 0 });
  expect(lines(await read("large", 2))).toEqual([1, 2].map((n) => `hosta ${documentOf(nthRecord(n, { labels }))}`));
});

it("takes records from before and after a clock was set", async () => {
  const records = [1n, BigInt(Date.now()) * 1_000_000n, 2n].map((at, i) => nthRecord(i, { labels, sample: { at } }));
  const queue = await opened("clock");
  for (const record of records) queue.push(record);
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: 3, dropped: 0, failing: undefined });
  expect(lines(await read("clock", 3))).toEqual(records.map((record) => `hosta ${documentOf(record)}`));
});

describe("a broker that wants to know who it is", () => {
  const passwordFile = join(mkdtempSync(join(tmpdir(), "scxkit-login-")), "password");
  afterAll(() => rmSync(dirname(passwordFile), { recursive: true }));
  writeFileSync(passwordFile, `${login.password}\n`);

  /** Sends a record to a topic, which is to be there then. */
  async function arrives(topic: string, options: object) {
    const queue = await opened(topic, options);
    queue.push(nthRecord(1, { labels }));
    await queue.close({ deadlineMs: 30_000 });
    expect(queue.counts).toMatchObject({ written: 1, dropped: 0, failing: undefined });
    expect(lines(await read(topic, 1))).toEqual([`hosta ${documentOf(nthRecord(1, { labels }))}`]);
  }

  async function isRefused(options: object, why: RegExp) {
    const refused = await opened("refused", { ...options, retries: 0 });
    refused.push(nthRecord(2, { labels }));
    await vi.waitFor(() => expect(refused.counts.dropped).toBe(1), 60_000);
    expect(refused.counts.failing).toMatch(why);
    await refused.close();
  }

  it.each(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])("lets it log in by %s over TLS", async (saslMechanism) => {
    const { address, certificate } = running().broker.secure;
    const secure = { brokers: [address], caFile: certificate, saslMechanism, username: login.username };
    await arrives(saslMechanism, { ...secure, passwordFile });
    await isRefused({ ...secure, password: "another" }, /authentication/i);
  });

  it("isn't believed when its certificate is nobody's", async () => {
    await isRefused({ brokers: [running().broker.secure.address], tls: true }, /certificate/i);
  });

  it("knows it by its certificate, and only by that", async () => {
    const { mutual, secure } = running().broker;
    const { address, certFile, keyFile } = mutual;
    await arrives("mutual", { brokers: [address], caFile: secure.certificate, certFile, keyFile });
    await isRefused({ brokers: [address], caFile: secure.certificate }, /closed.*certificate of ours/);
  });
});

const total = ([, value]: [string, Buffer]) => JSON.parse(value.toString()).stats.events.total as number;
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

it("loses and doubles nothing when the broker is killed in mid-stream and comes back", async () => {
  const { broker } = running();
  const queue = await opened("killed", { batch: 3 });
  // A broker that comes back has forgotten producers whose last message is a day old (producer.id.expiration.ms), by its own time.
  const now = BigInt(Date.now()) * 1_000_000n;
  const count = 600;
  let n = 0;
  const pushed = new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      for (let i = 0; i < 5 && n < count; i++) queue.push(nthRecord(++n, { labels, sample: { at: now } }));
      if (n < count) return;
      clearInterval(timer);
      resolve();
    }, 10);
  });
  await vi.waitFor(() => expect(queue.counts.written).toBeGreaterThan(0), 60_000);
  await broker.kill();
  await vi.waitFor(() => expect(queue.counts.failures).toBeGreaterThan(0), 60_000);
  await broker.restart();
  await pushed;
  await queue.close({ deadlineMs: 30_000 });
  expect(queue.counts).toMatchObject({ written: count, dropped: 0, queued: 0 });
  expect((await read("killed", count)).map(total)).toEqual(upTo(count));
});

it("knows a batch again whose answer was lost", async () => {
  proxy.target = running().broker.behind;
  const queue = await opened("answers", { brokers: [proxy.address], batch: 2 });
  for (let n = 1; n <= 10; n++) queue.push(nthRecord(n, { labels }));
  await queue.close({ deadlineMs: 30_000 });
  expect(proxy.lost).toBeGreaterThan(1);
  expect(queue.counts).toMatchObject({ written: 10, dropped: 0 });
  // Another behind them tells that nothing came twice.
  const last = await opened("answers");
  last.push(nthRecord(11, { labels }));
  await last.close({ deadlineMs: 30_000 });
  expect((await read("answers", 11)).map(total)).toEqual(upTo(11));
});
