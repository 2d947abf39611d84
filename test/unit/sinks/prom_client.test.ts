// SPDX-License-Identifier: MIT
import { Counter, type OpenMetricsContentType, Registry } from "prom-client";
import { expect, it } from "vitest";
import { promClientSink } from "../../../src/sinks/prom_client.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { recordOf } from "./record.js";

const schema: StatsSchema = {
  name: "s",
  stats: [
    { name: "local", kind: "counter", desc: "tasks" },
    { name: "waited", kind: "histogram", unit: "ns", desc: "time" },
    { name: "load", kind: "gauge", type: { dict: "float", key: "string" }, desc: "load" },
  ],
};
const buckets = Array.from({ length: 64 }, (_, i) => (i === 1 ? 2n : 0n));
const counts = { count: 2n, sum: 2_000_000_000n, buckets };
const record = (...keys: string[]) =>
  recordOf(
    schema,
    {
      local: { total: 2n ** 63n, delta: 0n },
      waited: { ...counts, delta: counts },
      load: { entries: Object.fromEntries(keys.map((key) => [key, { value: 0.5 }])) },
    },
    { group: "x" },
  );

it("shows our metrics in a program's own registry, in both formats, as long as they are there", async () => {
  const registry = new Registry();
  new Counter({ name: "own_total", help: "the program's", registers: [registry] }).inc(3);
  const queue = new SinkQueue("prom-client", promClientSink(registry), { metrics: true });
  await queue.open();
  queue.push(record("a", "b"));
  while (queue.counts.written < 1) await new Promise(setImmediate);
  const text = (await registry.metrics()).split("\n");
  expect(text).toEqual(
    expect.arrayContaining([
      "own_total 3",
      "# HELP scx_local_total tasks",
      "# TYPE scx_local_total counter",
      'scx_local_total{scheduler="simple"} 9223372036854776000',
      "# TYPE scx_waited_seconds histogram",
      'scx_waited_seconds_bucket{scheduler="simple",le="1e-09"} 2',
      'scx_waited_seconds_bucket{scheduler="simple",le="+Inf"} 2',
      'scx_waited_seconds_sum{scheduler="simple"} 2',
      'scx_waited_seconds_count{scheduler="simple"} 2',
      'scx_load{scheduler="simple",key="b"} 0.5',
    ]),
  );
  // Its own counters lose `_total` after this; ours don't.
  const open = registry as unknown as Registry<OpenMetricsContentType>;
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  expect((await registry.metrics()).split("\n")).toEqual(
    expect.arrayContaining(["# TYPE scx_local counter", 'scx_local_total{scheduler="simple"} 9223372036854776000']),
  );
  registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
  expect(await registry.metrics()).toContain("# TYPE scx_local_total counter\nscx_local_total{");
  queue.push(record("b"));
  while (queue.counts.written < 2) await new Promise(setImmediate);
  expect(await registry.metrics()).not.toContain('key="a"');
  await queue.close();
  expect(await registry.metrics()).not.toContain("scx_");
});

it("leaves a program's own metric of the same name alone", async () => {
  const registry = new Registry();
  new Counter({ name: "scx_local_total", help: "the program's", registers: [registry] }).inc(3);
  const sink = promClientSink(registry);
  await sink.write([record()], new AbortController().signal);
  expect(await registry.metrics()).toContain("scx_local_total 3");
  await sink.close?.();
  expect(await registry.metrics()).toContain("scx_local_total 3");
});
