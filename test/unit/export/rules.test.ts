// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { applyRules, parseRules } from "../../../src/export/rules.js";
import { MetricPoints } from "../../../src/sinks/points.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { recordOf } from "../sinks/record.js";
import { layered, mitosis } from "../sinks/upstream.js";

const rules = (value: object) => parseRules("r.json", JSON.stringify(value));

it("say of statistics what metadata don't, wherever their struct stands", () => {
  const given = rules({
    stats: {
      "SysStats.total": { kind: "counter", delta: true, name: "events", labels: { of: "all" } },
      "*_us": { unit: "us", desc: "slice" },
      "LayerStats.nr_llc_cpus": { label: "llc" },
      cpus: { skip: false },
      proc_ms: { skip: true },
    },
    structs: { Layer: {}, "Layer*": { prefix: "layer_", label: "layer" } },
  });
  const schema = applyRules(given, layered);
  const [at, total, , layers] = schema.stats;
  expect(at).toEqual(layered.stats[0]);
  expect(total).toMatchObject({
    kind: "counter",
    type: "u64",
    family: { name: "events", labels: { of: "all" } },
    user: { _scx_delta: "true" },
  });
  expect(schema.stats.map(({ name }) => name)).not.toContain("proc_ms");
  const type = layers?.type as { dict: { struct: typeof layered }; key: string };
  expect(type.key).toBe("string");
  expect(type.dict.struct.user).toEqual({ _om_prefix: "layer_", _om_label: "layer" });
  const of = (name: string) => type.dict.struct.stats.find((stat) => stat.name === name);
  expect(of("slice_us")).toMatchObject({ unit: "us", desc: "slice", kind: "gauge", type: "u64" });
  expect(of("nr_llc_cpus")?.user).toEqual({ _om_label: "llc" });
  expect(of("cpus")?.user).toEqual({});
  expect(of("index")?.user).toEqual({ _om_skip: "true" });
});

it("that fit nothing are named", () => {
  const records: LogRecord[] = [];
  const listener = (message: unknown) => records.push(message as LogRecord);
  subscribe("scxkit:log", listener);
  onTestFinished(() => void unsubscribe("scxkit:log", listener));
  applyRules(rules({ stats: { "num_*": { unit: "cells" }, nothing: {} } }), mitosis);
  expect(records.map(({ text }) => text)).toEqual(["the rule for nothing fits no statistic"]);
});

it.each([
  ["counters of integers only", "busy", { kind: "counter" }, /SysStats.busy makes a counter of what is no integer/],
  ["states of texts only", "total", { states: ["a"] }, /SysStats.total gives states to what is no text/],
  ["deltas of counters only", "total", { delta: true }, /SysStats.total has a delta of what is no counter/],
])("make %s", (_, field, rule, message) => {
  expect(() => applyRules(rules({ stats: { [field]: rule } }), layered)).toThrow(message);
});

it("name a text's values, whatever is in them", () => {
  const texts: StatsSchema = { name: "s", stats: [{ name: "mode", kind: "gauge", type: "string" }] };
  const states = ["a,b", "c\\", "", "\\,", "d"];
  const schema = applyRules(rules({ stats: { mode: { states } } }), texts);
  const points = new MetricPoints().of(recordOf(schema, { mode: { value: "a,b" } }, { group: "x" }));
  expect(points.map(({ series, value }) => [series.labels.scx_mode, "value" in value && value.value])).toEqual(
    states.map((state) => [state, state === "a,b" ? 1n : 0n]),
  );
});

it("leave a histogram what it is", () => {
  const waited: StatsSchema = { name: "s", stats: [{ name: "waited", kind: "histogram" }] };
  expect(() => applyRules(rules({ stats: { "*": { kind: "counter" } } }), waited)).toThrow(/a counter of a histogram/);
  expect(applyRules(rules({ stats: { "*": { unit: "ns" } } }), waited).stats).toMatchObject([{ kind: "histogram" }]);
});

it("take back what earlier ones say", () => {
  const given = rules({ stats: { "num_*": { skip: true }, num_cells: { skip: false } } });
  expect(applyRules(given, mitosis).stats.map(({ name }) => name)).toContain("num_cells");
});

it.each([
  ["a label that every metric has", { stats: { "*": { labels: { scheduler: "boo" } } } }],
  ["a label of other characters", { stats: { "*": { labels: { "9x": "a" } } } }],
  ["a dictionary's label likewise", { stats: { "*": { label: "__x" } } }],
  ["and a struct's", { structs: { "*": { label: "a-b" } } }],
])("refuse %s", (_, given) => {
  const refused = expect.objectContaining({
    code: "ERR_SCX_STATS_MAP",
    message: expect.stringMatching(/^The rule for \*: "\S+" is no label: a label's name is letters/),
  });
  expect(() => rules(given)).toThrow(refused);
  expect(() => applyRules({ stats: {}, structs: {}, ...(given as object) }, mitosis)).toThrow(refused);
});

it.each([
  ["no JSON", "{", /is no JSON/],
  ["a list", "[]", /must be object/],
  ["an unknown key", '{"fields":{}}', /no option "fields"/],
  ["an unknown word", '{"stats":{"x":{"kind":"rate"}}}', /"stats.x.kind" is none of counter, gauge/],
  ["a wrong type", '{"stats":{"x":{"skip":"yes"}}}', /"stats.x.skip" must be boolean/],
])("are checked: %s", (_, text, message) => {
  expect(() => parseRules("r.json", text)).toThrow(
    expect.objectContaining({ code: "ERR_SCX_STATS_MAP", message: expect.stringMatching(message) }),
  );
});
