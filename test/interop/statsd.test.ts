// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { SinkQueue } from "../../src/sinks/queue.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { StatsSchema } from "../../src/stats/schema.js";
import { freePorts } from "../ports.js";
import { recordOf } from "../unit/sinks/record.js";
import { type Missing, run } from "./peer.js";
import { fetchStatsd, startStatsd } from "./statsd.js";
import { buildStatsdExporter, startStatsdExporter } from "./statsd_exporter.js";

const schema: StatsSchema = {
  name: "all",
  stats: [
    { name: "greedy", kind: "counter", family: { name: "dispatched", labels: { type: "greedy" } } },
    { name: "idle", kind: "counter" },
    { name: "waited", kind: "counter", unit: "ns" },
    { name: "depth", kind: "gauge" },
    { name: "mode", kind: "gauge", type: "string" },
    { name: "slept", kind: "histogram", unit: "us" },
  ],
};
const none = Array<bigint>(64).fill(0n);

/** What a scheduler did in its nth second; it never had anything idle. */
const nth = (n: number) =>
  recordOf(
    schema,
    {
      greedy: { total: 100n * BigInt(n), delta: 100n },
      idle: { total: 5n, delta: 0n },
      waited: { total: 1n, delta: 10_000_000n },
      depth: { value: BigInt(-n) },
      mode: { value: "batch" },
      slept: {
        count: 9n,
        sum: 1n,
        buckets: none,
        delta: { count: 3n, sum: 12n, buckets: none.with(3, 2n).with(63, 1n) },
      },
    },
    { labels: { host: "host.a", cpus: "8" } },
  );

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(name: string, options: object): Promise<SinkQueue> {
  const queue = await createSink({
    name,
    factory: await sinkFactory(name),
    options: { retryMs: 20, retryMaxMs: 100, ...options },
  });
  await queue.open();
  ends.push(() => queue.close({ deadlineMs: 0 }));
  return queue;
}

describe("the original server", () => {
  let statsd: { script: string } | Missing;
  beforeAll(async () => {
    statsd = await fetchStatsd();
  }, 120_000);

  async function start(skip: (why: string) => never, port?: number) {
    if ("missing" in statsd) return skip(statsd.missing);
    const server = await startStatsd(statsd.script, port);
    ends.push(() => server.stop());
    return server;
  }

  it.for(["udp", "tcp"])("counts by %s what was counted, under names without labels", async (protocol, { skip }) => {
    const server = await start(skip);
    const queue = await opened("statsd", { server: server.address, protocol, prefix: "lab" });
    for (let n = 1; n <= 3; n++) queue.push(nth(n));
    await queue.close({ deadlineMs: 20_000 });
    expect(queue.counts).toMatchObject({ written: 3, dropped: 0, failures: 0 });
    await vi.waitFor(async () => {
      expect(await server.read("counters")).toEqual({
        "statsd.bad_lines_seen": 0,
        "statsd.packets_received": expect.any(Number),
        "statsd.metrics_received": expect.any(Number),
        "lab.host_a.scx_dispatched.simple.greedy": 300,
        "lab.host_a.scx_waited_seconds.simple": 0.03,
        "lab.host_a.scx_slept_seconds.simple.count": 9,
        "lab.host_a.scx_slept_seconds.simple.sum": 0.000036,
        "lab.host_a.scx_slept_seconds.simple.bucket.7us": 6,
        "lab.host_a.scx_slept_seconds.simple.bucket.inf": 3,
      });
    }, 50_000);
    expect(await server.read("gauges")).toMatchObject({
      "lab.host_a.scx_depth.simple": -3,
      "lab.host_a.scx_state.simple.enabled": 1,
      "lab.host_a.scx_state.simple.disabled": 0,
    });
  });

  it("loses and doubles nothing while there is no server to connect to", async ({ skip }) => {
    const [port] = await freePorts(1);
    const queue = await opened("statsd", { server: `127.0.0.1:${port}`, protocol: "tcp", maxBytes: 200 });
    queue.push(nth(1));
    await vi.waitFor(() => expect(queue.counts.failures).toBeGreaterThan(1), 50_000);
    const server = await start(skip, port);
    queue.push(nth(2));
    await queue.close({ deadlineMs: 20_000 });
    expect(queue.counts).toMatchObject({ written: 2, dropped: 0 });
    await vi.waitFor(async () => {
      expect(await server.read("counters")).toMatchObject({
        "statsd.bad_lines_seen": 0,
        "host_a.scx_dispatched.simple.greedy": 200,
        "host_a.scx_slept_seconds.simple.bucket.7us": 4,
      });
    }, 50_000);
  });
});

describe("a server that knows tags", () => {
  let exporter: { program: string } | Missing;
  beforeAll(async () => {
    exporter = await buildStatsdExporter();
  }, 600_000);

  it.for(["udp", "datagram socket"])("has labels as tags, by %s", async (by, { skip }) => {
    if ("missing" in exporter) return skip(exporter.missing);
    const why = by === "udp" ? undefined : await withoutDatagramSockets();
    if (why !== undefined) return skip(why);
    const server = await startStatsdExporter(exporter.program);
    ends.push(() => server.stop());
    const queue = await opened("dogstatsd", { server: by === "udp" ? server.address : server.socket });
    for (let n = 1; n <= 3; n++) queue.push(nth(n));
    await queue.close({ deadlineMs: 20_000 });
    expect(queue.counts).toMatchObject({ written: 3, dropped: 0, failures: 0 });
    const tags = 'cpus="8",host="host.a"';
    const tagged = `{${tags},scheduler="simple"}`;
    await vi.waitFor(async () => {
      expect(await server.series()).toMatchObject({
        [`scx_dispatched{${tags},scheduler="simple",type="greedy"}`]: 300,
        [`scx_waited_seconds${tagged}`]: 0.03,
        [`scx_depth${tagged}`]: -3,
        [`scx_mode_info{${tags},mode="batch",scheduler="simple"}`]: 1,
        [`scx_state{${tags},scheduler="simple",scx_state="enabled"}`]: 1,
        [`scx_slept_seconds_count${tagged}`]: 9,
        [`scx_slept_seconds_sum${tagged}`]: 0.000036,
        [`scx_slept_seconds_bucket{${tags},max="0.000007",scheduler="simple"}`]: 6,
        [`scx_slept_seconds_bucket{${tags},max="inf",scheduler="simple"}`]: 3,
      });
    }, 50_000);
  });
});

/** Why hot-shots has no datagram sockets here: its own optional package is native, and our installation builds none. */
async function withoutDatagramSockets(): Promise<string | undefined> {
  const require = createRequire(createRequire(import.meta.url).resolve("hot-shots"));
  const loads = () => {
    try {
      require("unix-dgram");
      return true;
    } catch {
      return false;
    }
  };
  if (loads()) return undefined;
  const { stderr } = await run("npm", ["rebuild", "unix-dgram"]);
  return loads() ? undefined : `unix-dgram can't be built: ${stderr.trim().split("\n").at(-1)}`;
}
