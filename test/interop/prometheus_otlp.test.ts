// SPDX-License-Identifier: MIT
import { afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { Exposition } from "../../src/sinks/exposition.js";
import { MetricPoints } from "../../src/sinks/points.js";
import { createSink, sinkFactory } from "../../src/sinks/registry.js";
import type { SampleRecord } from "../../src/sinks/sink.js";
import { recordOf } from "../unit/sinks/record.js";
import { after, everything } from "./everything.js";
import { goProgram } from "./go.js";
import type { Missing } from "./peer.js";
import { type RunningPrometheus, startReceiver } from "./prometheus.js";

let built: { program: string } | Missing;
beforeAll(async () => {
  built = await goProgram("prometheus_receiver");
}, 600_000);
let receiver: RunningPrometheus;
beforeEach(async ({ skip }) => {
  if ("missing" in built) skip(built.missing);
  else receiver = await startReceiver(built.program);
});
afterEach(() => receiver?.stop());

const second = 1_000_000_000n;
const labels = { host: "hosta", rack: "7" };

/** The last ten seconds, a sample each. */
function lastSeconds(): SampleRecord[] {
  const now = BigInt(Date.now()) * 1_000_000n;
  const since = now - 60n * second;
  return Array.from({ length: 10 }, (_, i) => {
    const at = now - BigInt(9 - i) * second;
    return recordOf(everything, after(Number((at - since) / 1_000_000n)), {
      labels,
      since,
      sample: { at, interval: second },
    });
  });
}

/** What tells series apart, but for a bucket's bound, which has several spellings. */
const identity = (name: string, own: Record<string, string>) =>
  `${name} ${JSON.stringify(
    Object.entries({ ...own, le: undefined, host: undefined, rack: undefined, instance: undefined, job: undefined })
      .filter(([, value]) => value !== undefined)
      .sort(),
  )}`;

it("Prometheus has by OTLP what it has by a scrape: names, labels, rates", async () => {
  const samples = lastSeconds();
  const factory = await sinkFactory("otlp");
  const queue = await createSink({
    name: "otlp",
    factory,
    options: { endpoint: `${receiver.url}/api/v1/otlp/v1/metrics` },
  });
  await queue.open();
  for (const sample of samples) queue.push(sample);
  await queue.close({ deadlineMs: 20_000 });
  expect(queue.counts).toMatchObject({ written: samples.length, dropped: 0, failing: undefined });

  const number = async (promql: string) => Number((await receiver.query(promql))[0]?.value[1]);
  expect(await number("rate(scx_ticks_seconds_total[8s])")).toBeCloseTo(1, 6);
  const median = await number("histogram_quantile(0.5, rate(scx_waited_seconds_bucket[8s]))");
  expect(median).toBeGreaterThan(511e-9);
  expect(median).toBeLessThan(1024e-9);
  expect(await number('scx_dispatched_total{type="greedy"}')).toBe(2 ** 53 + 2);
  expect(await number('scx_state{scx_state="enabled"}')).toBe(1);
  expect(await number('scx_version_info{version="1.0"} * on(job, instance) scx_busy')).toBe(-3);
  // The machine's labels are one series, to be joined.
  expect(await receiver.query("target_info")).toMatchObject([
    { metric: { job: "scxkit", instance: "hosta", host_name: "hosta", rack: "7" } },
  ]);

  const points = new MetricPoints();
  const scraped = new Exposition().render(points.of(samples[0] as SampleRecord), "text");
  const names = scraped
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", text = ""] = /^(\w+)(?:{(.*)})? \S+$/.exec(line) ?? [];
      const own = [...text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(([, key, value]) => [
        key,
        JSON.parse(value ?? ""),
      ]);
      return identity(name, Object.fromEntries(own));
    });
  const got = await receiver.query('{__name__=~"scx_.*"}');
  const stored = got.map(({ metric: { __name__: name = "", ...own } }) => identity(name, own));
  expect(new Set(stored)).toEqual(new Set(names));
});
