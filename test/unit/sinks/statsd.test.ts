// SPDX-License-Identifier: MIT
import { createSocket } from "node:dgram";
import { hostname } from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import type { SinkRecord } from "../../../src/sinks/sink.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { eventRecord, recordOf } from "./record.js";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** What arrives by UDP of some records. */
async function packets(name: "statsd" | "dogstatsd", options: object, ...records: SinkRecord[]): Promise<string[]> {
  const server = createSocket("udp4");
  const got: string[] = [];
  server.on("message", (packet) => got.push(packet.toString()));
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  ends.push(() => server.close());
  const target = { server: `127.0.0.1:${server.address().port}`, ...options };
  const queue = await createSink({ name, factory: await sinkFactory(name), options: target });
  await queue.open();
  for (const record of records) queue.push(record);
  await queue.close();
  expect(queue.counts).toMatchObject({ written: records.length, dropped: 0, failures: 0 });
  // Packets to oneself come in order: with the last, all are there.
  const end = createSocket("udp4");
  end.send("end", server.address().port, "127.0.0.1", () => end.close());
  await vi.waitFor(() => expect(got.at(-1)).toBe("end"), 50_000);
  return got.slice(0, -1);
}

const lines = (got: string[]) => got.join("\n").split("\n");

const none = Array<bigint>(64).fill(0n);
const schema: StatsSchema = {
  name: "all",
  stats: [
    { name: "local", kind: "counter", family: { name: "dispatched", labels: { type: "a|b:c" } } },
    { name: "waited", kind: "counter", unit: "ns" },
    { name: "idle", kind: "counter" },
    { name: "depth", kind: "gauge" },
    { name: "load", kind: "gauge", type: "float" },
    { name: "mode", kind: "gauge", type: "string" },
    { name: "slept", kind: "histogram", unit: "us" },
  ],
};
const values = {
  local: { total: 2n ** 60n, delta: 12n },
  waited: { total: 9n, delta: 2_500_000n },
  idle: { total: 3n, delta: 0n },
  depth: { value: -7n },
  load: { value: 0.5 },
  mode: { value: "batch" },
  slept: { count: 4n, sum: 4n, buckets: none, delta: { count: 2n, sum: 9n, buckets: none.with(0, 1n).with(3, 1n) } },
};
const record = recordOf(schema, values, { labels: { host: "host.a", rack: "7" } });
const states = (line: (state: string, value: number) => string) =>
  ["enabling", "enabled", "disabling", "disabled"].map((state) => line(state, state === "enabled" ? 1 : 0));

describe("what is sent", () => {
  it("names without labels", async () => {
    expect(lines(await packets("statsd", { prefix: "lab" }, eventRecord, record))).toEqual([
      "lab.host_a.scx_dispatched.simple.a_b_c:12|c",
      "lab.host_a.scx_waited_seconds.simple:0.0025|c",
      "lab.host_a.scx_depth.simple:0|g",
      "lab.host_a.scx_depth.simple:-7|g",
      "lab.host_a.scx_load.simple:0.5|g",
      "lab.host_a.scx_slept_seconds.simple.count:2|c",
      "lab.host_a.scx_slept_seconds.simple.sum:0.000009|c",
      "lab.host_a.scx_slept_seconds.simple.bucket.0us:1|c",
      "lab.host_a.scx_slept_seconds.simple.bucket.7us:1|c",
      ...states((state, value) => `lab.host_a.scx_state.simple.${state}:${value}|g`),
    ]);
  });

  it("labels as tags", async () => {
    const tags = "host:host.a,rack:7";
    expect(lines(await packets("dogstatsd", {}, record))).toEqual([
      `scx_dispatched:12|c|#scheduler:simple,type:a_b:c,${tags}`,
      `scx_waited_seconds:0.0025|c|#scheduler:simple,${tags}`,
      `scx_depth:0|g|#scheduler:simple,${tags}`,
      `scx_depth:-7|g|#scheduler:simple,${tags}`,
      `scx_load:0.5|g|#scheduler:simple,${tags}`,
      `scx_mode_info:1|g|#scheduler:simple,mode:batch,${tags}`,
      `scx_slept_seconds.count:2|c|#scheduler:simple,${tags}`,
      `scx_slept_seconds.sum:0.000009|c|#scheduler:simple,${tags}`,
      `scx_slept_seconds.bucket:1|c|#scheduler:simple,${tags},max:0`,
      `scx_slept_seconds.bucket:1|c|#scheduler:simple,${tags},max:0.000007`,
      ...states((state, value) => `scx_state:${value}|g|#scheduler:simple,scx_state:${state},${tags}`),
    ]);
  });

  it("whose it is, also where no label says that: two machines' levels would be one", async () => {
    const unlabelled = recordOf({ name: "s", stats: [{ name: "idle", kind: "gauge" }] }, { idle: { value: 1n } });
    const name = hostname().replace(/[^a-zA-Z0-9_-]/g, "_");
    expect(lines(await packets("statsd", {}, unlabelled))[0]).toBe(`${name}.scx_idle.simple:1|g`);
    const tagged = lines(await packets("dogstatsd", {}, unlabelled))[0];
    expect(tagged).toBe(`scx_idle:1|g|#scheduler:simple,host:${hostname()}`);
  });

  it("packets no larger than asked for, levels below zero whole", async () => {
    const got = await packets("dogstatsd", { maxBytes: 200 }, record, record, record);
    expect(got.length).toBeGreaterThan(10);
    expect(lines(got)).toHaveLength(42);
    expect(got.filter((packet) => Buffer.byteLength(packet) > 200)).toEqual([]);
    for (const packet of got) expect(packet.includes(":-7|g")).toBe(packet.includes("scx_depth:0|g"));
  });
});

it.each(["a b", "host:99999", "[::1:8125", ""])("refuses the server %o", async (server) => {
  const made = createSink({ name: "statsd", factory: await sinkFactory("statsd"), options: { server } });
  await expect(made).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
});
