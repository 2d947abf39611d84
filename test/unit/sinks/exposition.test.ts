// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { decimal, Exposition, type ExpositionFormat, upperBound } from "../../../src/sinks/exposition.js";
import { MetricPoints } from "../../../src/sinks/points.js";
import type { StatsSchema, StatValues } from "../../../src/stats/schema.js";
import { recordOf } from "./record.js";

const counts = (...buckets: bigint[]) => {
  const all = Array.from({ length: 64 }, (_, i) => buckets[i] ?? 0n);
  return { count: all.reduce((sum, one) => sum + one), sum: 1_500n, buckets: all };
};
const histogram = (...buckets: bigint[]) => ({ ...counts(...buckets), delta: counts() });

function render(format: ExpositionFormat, schema: StatsSchema, stats: StatValues, since?: bigint) {
  const clashes: string[] = [];
  const points = new MetricPoints().of(recordOf(schema, stats, { group: "x", since }));
  const exposition = new Exposition((name, why) => clashes.push(`${name}: ${why}`));
  const lines = exposition.render(points, format).split("\n");
  expect(lines.pop()).toBe("");
  return { lines, clashes };
}

const schema: StatsSchema = {
  name: "s",
  stats: [
    { name: "d1", kind: "counter", desc: 'by "type"\n\\', family: { name: "dispatched", labels: { type: "greedy" } } },
    { name: "busy", kind: "gauge", unit: "ns" },
    { name: "d2", kind: "counter", family: { name: "dispatched", labels: { type: 'a"b\\c\nd' } } },
    { name: "waited", kind: "histogram", unit: "ns", desc: "time waited" },
    { name: "version", kind: "gauge", type: "string", desc: "its version" },
    { name: "mode", kind: "gauge", type: "string", desc: "its mode", user: { _scx_states: "fifo,vtime" } },
  ],
};
const values = {
  d1: { total: 2n ** 64n - 1n, delta: 0n },
  busy: { value: -1_500_000_000n },
  d2: { total: 1n, delta: 0n },
  waited: histogram(1n, 0n, 3n),
  version: { value: "1.0" },
  mode: { value: "vtime" },
};

describe("the text format", () => {
  it("has a family's series together, with all digits, escaped, in base units", () => {
    expect(render("text", schema, values, 1n).lines).toEqual([
      '# HELP scx_dispatched_total by "type"\\n\\\\',
      "# TYPE scx_dispatched_total counter",
      'scx_dispatched_total{scheduler="simple",type="greedy"} 18446744073709551615',
      'scx_dispatched_total{scheduler="simple",type="a\\"b\\\\c\\nd"} 1',
      "# HELP scx_busy_seconds busy of s",
      "# TYPE scx_busy_seconds gauge",
      'scx_busy_seconds{scheduler="simple"} -1.5',
      "# HELP scx_waited_seconds time waited",
      "# TYPE scx_waited_seconds histogram",
      'scx_waited_seconds_bucket{scheduler="simple",le="0.0"} 1',
      'scx_waited_seconds_bucket{scheduler="simple",le="1e-09"} 1',
      'scx_waited_seconds_bucket{scheduler="simple",le="3e-09"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="7e-09"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="1.5e-08"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="3.1e-08"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="6.3e-08"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="1.27e-07"} 4',
      'scx_waited_seconds_bucket{scheduler="simple",le="+Inf"} 4',
      'scx_waited_seconds_sum{scheduler="simple"} 0.0000015',
      'scx_waited_seconds_count{scheduler="simple"} 4',
      "# HELP scx_version_info its version",
      "# TYPE scx_version_info gauge",
      'scx_version_info{scheduler="simple",version="1.0"} 1',
      "# HELP scx_mode its mode",
      "# TYPE scx_mode gauge",
      'scx_mode{scheduler="simple",scx_mode="fifo"} 0',
      'scx_mode{scheduler="simple",scx_mode="vtime"} 1',
    ]);
  });
});

describe("OpenMetrics", () => {
  it("has units, times of creation, kinds of its own, and an end", () => {
    const { lines } = render("openmetrics", schema, values, 1_763_629_200_500_000_000n);
    expect(lines.filter((line) => !line.includes("_bucket"))).toEqual([
      '# HELP scx_dispatched by \\"type\\"\\n\\\\',
      "# TYPE scx_dispatched counter",
      'scx_dispatched_total{scheduler="simple",type="greedy"} 18446744073709551615',
      'scx_dispatched_created{scheduler="simple",type="greedy"} 1763629200.5',
      'scx_dispatched_total{scheduler="simple",type="a\\"b\\\\c\\nd"} 1',
      'scx_dispatched_created{scheduler="simple",type="a\\"b\\\\c\\nd"} 1763629200.5',
      "# HELP scx_busy_seconds busy of s",
      "# TYPE scx_busy_seconds gauge",
      "# UNIT scx_busy_seconds seconds",
      'scx_busy_seconds{scheduler="simple"} -1.5',
      "# HELP scx_waited_seconds time waited",
      "# TYPE scx_waited_seconds histogram",
      "# UNIT scx_waited_seconds seconds",
      'scx_waited_seconds_sum{scheduler="simple"} 0.0000015',
      'scx_waited_seconds_count{scheduler="simple"} 4',
      'scx_waited_seconds_created{scheduler="simple"} 1763629200.5',
      "# HELP scx_version its version",
      "# TYPE scx_version info",
      'scx_version_info{scheduler="simple",version="1.0"} 1',
      "# HELP scx_mode its mode",
      "# TYPE scx_mode stateset",
      'scx_mode{scheduler="simple",scx_mode="fifo"} 0',
      'scx_mode{scheduler="simple",scx_mode="vtime"} 1',
      "# EOF",
    ]);
  });

  it("says nothing of creation where nobody knows it", () => {
    expect(render("openmetrics", schema, values).lines.join()).not.toContain("_created");
  });
});

it("has a stateset's label by the name of its family, a unit in it too", () => {
  const user = { _scx_states: "on,off" };
  const stats = [{ name: "mode", kind: "gauge" as const, type: "string" as const, unit: "x", user }];
  expect(render("openmetrics", { name: "s", stats }, { mode: { value: "on" } }).lines.slice(1)).toEqual([
    "# TYPE scx_mode_x stateset",
    'scx_mode_x{scheduler="simple",scx_mode_x="on"} 1',
    'scx_mode_x{scheduler="simple",scx_mode_x="off"} 0',
    "# EOF",
  ]);
});

it("has each of a family in the base unit, whatever its own is", () => {
  const family = (what: string) => ({ name: "time", labels: { what } });
  const times: StatsSchema = {
    name: "s",
    stats: [
      { name: "run_us", kind: "counter", unit: "us", family: family("run") },
      { name: "wait_ms", kind: "counter", unit: "ms", family: family("wait") },
      { name: "time_seconds", kind: "counter", family: { name: "time_seconds", labels: { what: "all" } } },
    ],
  };
  const total = (total: bigint) => ({ total, delta: 0n });
  const stats = { run_us: total(2_000_000n), wait_ms: total(2_000n), time_seconds: total(4n) };
  expect(render("openmetrics", times, stats).lines.slice(2)).toEqual([
    "# UNIT scx_time_seconds seconds",
    'scx_time_seconds_total{scheduler="simple",what="run"} 2',
    'scx_time_seconds_total{scheduler="simple",what="wait"} 2',
    'scx_time_seconds_total{scheduler="simple",what="all"} 4',
    "# EOF",
  ]);
});

it("leaves out what would be one series, or one name of two kinds, and says so", () => {
  const family = { name: "moved", labels: { to: "a" } };
  const double: StatsSchema = {
    name: "s",
    stats: [
      { name: "one", kind: "counter", family },
      { name: "two", kind: "counter", family },
      { name: "moved", kind: "gauge" },
      { name: "waited", kind: "histogram" },
      { name: "waited_count", kind: "gauge" },
    ],
  };
  const one = { total: 1n, delta: 0n };
  const level = { value: 1n };
  const stats = { one, two: one, moved: level, waited: histogram(1n), waited_count: level };
  const { lines, clashes } = render("text", double, stats);
  expect(lines.filter((line) => /^scx_(moved|waited_count)/.test(line))).toEqual([
    'scx_moved_total{scheduler="simple",to="a"} 1',
    'scx_waited_count{scheduler="simple"} 1',
  ]);
  expect(clashes).toEqual([
    "scx_moved: two statistics have the same labels",
    "scx_moved: scx_moved is of another metric, scx_moved, already",
    "scx_waited_count: scx_waited_count is of another metric, scx_waited, already",
  ]);
});

it.each([
  [0n, 0, "0"],
  [1500n, 3, "1.5"],
  [-1n, 9, "-0.000000001"],
  [2n ** 64n - 1n, 9, "18446744073.709551615"],
  [10n ** 9n, 9, "1"],
  [0.25, 0, "0.25"],
  [1500, 3, "1.5"],
  [1e-7, 3, "1e-10"],
  [Number.NaN, 3, "NaN"],
  [Number.NEGATIVE_INFINITY, 0, "-Inf"],
])("decimal(%s, %i) is %s", (value, digits, text) => {
  expect(decimal(value, digits)).toBe(text);
});

it.each([
  [0, 0, "0.0"],
  [1, 0, "1.0"],
  [19, 0, "524287.0"],
  [20, 0, "1.048575e+06"],
  [62, 0, "4.611686018427388e+18"],
  [30, 9, "1.073741823"],
  [10, 9, "1.023e-06"],
  [14, 9, "1.6383e-05"],
  [17, 9, "0.000131071"],
])("bucket %i ends at %s (moved by %i digits) as Go writes it", (bucket, digits, text) => {
  expect(upperBound(bucket, digits)).toBe(text);
});
