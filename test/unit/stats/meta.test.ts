// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { stringify } from "../../../src/protocol/json.js";
import {
  assembleMeta,
  checkMeta,
  type MetaField,
  type MetaKind,
  type MetaStruct,
  metaOf,
} from "../../../src/stats/meta.js";
import type { Stat, StatsSchema } from "../../../src/stats/schema.js";

const struct = (name: string, fields: Record<string, MetaField>, more: Partial<MetaStruct> = {}): MetaStruct => ({
  name,
  fields: new Map(Object.entries(fields)),
  ...more,
});
const to = (name: string): MetaKind => ({ struct: name });
const refused = (pattern: RegExp) =>
  expect.objectContaining({ code: "ERR_SCX_STATS_META", message: expect.stringMatching(pattern) });

describe("from a schema", () => {
  test("counters are u64, gauges i64, both say their kind and unit", () => {
    const schema: StatsSchema = {
      name: "simple_stats",
      desc: "counts",
      stats: [
        { name: "local", kind: "counter", desc: "to the local DSQ" },
        { name: "depth", kind: "gauge" },
        { name: "waited", kind: "counter", unit: "seconds" },
      ],
    };
    expect(stringify(assembleMeta(metaOf(schema)))).toBe(
      '{"simple_stats":{"desc":"counts","fields":{' +
        '"at":{"datum":"u64","desc":"time of the reading, ns since 1970","user":{"_om_skip":"true"}},' +
        '"depth":{"datum":"i64","user":{"_scx_kind":"gauge"}},' +
        '"local":{"datum":"u64","desc":"to the local DSQ","user":{"_scx_kind":"counter"}},' +
        '"waited":{"datum":"u64","user":{"_scx_kind":"counter","_scx_unit":"seconds"}}' +
        '},"name":"simple_stats","top":"true"}}',
    );
  });

  test("families, histograms, lists, dictionaries and groups", () => {
    const inner: StatsSchema = { name: "inner", stats: [{ name: "load", kind: "gauge", type: "float" }] };
    const schema: StatsSchema = {
      name: "outer",
      user: { _om_prefix: "x_" },
      stats: [
        { name: "greedy", kind: "counter", family: { name: "dispatched", labels: { type: "greedy" } } },
        { name: "waited", kind: "histogram", unit: "ns" },
        { name: "late", kind: "histogram" },
        { name: "cpus", kind: "gauge", type: { array: "u64" } },
        { name: "cells", kind: "gauge", type: { dict: { struct: inner }, key: "u64" } },
        { name: "all", kind: "gauge", type: { struct: inner }, user: { _om_skip: "true" } },
      ],
    };
    const meta = assembleMeta(metaOf(schema));
    expect([...meta.keys()]).toEqual(["outer", "scx_histogram", "inner"]);
    const [top] = meta.values();
    expect(top).toMatchObject({ top: "true", user: { _om_prefix: "x_" } });
    expect(Object.fromEntries(top?.fields ?? [])).toMatchObject({
      greedy: { datum: "u64", user: { _scx_kind: "counter", _scx_family: "dispatched", _scx_label: "type=greedy" } },
      waited: { datum: { struct: "scx_histogram" }, user: { _scx_kind: "histogram", _scx_unit: "ns" } },
      late: { datum: { struct: "scx_histogram" } },
      cpus: { array: "u64" },
      cells: { dict: { key: "u64", datum: { struct: "inner" } } },
      all: { datum: { struct: "inner" }, user: { _om_skip: "true" } },
    });
    expect(Object.fromEntries(meta.get("inner")?.fields ?? [])).toEqual({
      load: { datum: "float", user: { _scx_kind: "gauge" } },
    });
  });

  test("two groups of the same name, and one that holds itself", () => {
    const group = (name: string): StatsSchema => ({ name, stats: [] });
    const both = ["a", "b"].map((name) => ({ name, kind: "gauge" as const, type: { struct: group("same") } }));
    expect(() => assembleMeta(metaOf({ name: "s", stats: both }))).toThrow(refused(/Two structs/));
    const loop: { name: string; stats: Stat[] } = { name: "loop", stats: [] };
    loop.stats.push({ name: "again", kind: "gauge", type: { struct: loop } });
    expect(() => assembleMeta(metaOf(loop))).toThrow(refused(/loop/));
  });

  test("names that an object file may have", () => {
    const names = ["__proto__", "constructor", "toString"];
    const [meta] = metaOf({ name: "s", stats: names.map((name) => ({ name, kind: "counter" })) });
    expect([...(meta?.fields.keys() ?? [])]).toEqual(["at", ...names]);
  });

  test("names that clash", () => {
    const counters = (...names: string[]) => names.map((name) => ({ name, kind: "counter" as const }));
    expect(() => metaOf({ name: "s", stats: counters("a", "a") })).toThrow(refused(/"a"/));
    expect(() => metaOf({ name: "s", stats: counters("at") })).toThrow(refused(/"at"/));
    expect(() => metaOf({ name: "", stats: [] })).toThrow(refused(/no name/));
  });
});

describe("checks", () => {
  test("a struct met twice, on two ways, is no loop", () => {
    const meta = assembleMeta([
      struct("Top", {
        a: { dict: { key: "u64", datum: to("Left") } },
        b: { array: to("Right") },
        c: { datum: to("Leaf") },
      }),
      struct("Left", { leaf: { array: to("Leaf") }, again: { array: to("Leaf") } }),
      struct("Right", { leaf: { dict: { key: "string", datum: to("Leaf") } } }),
      struct("Leaf", { value: { datum: "float" } }),
    ]);
    expect(meta.size).toBe(4);
  });

  test.each<[string, MetaField]>([
    ["datum", { datum: to("B") }],
    ["array", { array: to("B") }],
    ["dict", { dict: { key: "i64", datum: to("B") } }],
  ])("a loop through a %s is named", (_, field) => {
    const structs = [
      struct("Top", { x: { datum: to("A") } }),
      struct("A", { b: field }),
      struct("B", { a: { array: to("A") } }),
    ];
    expect(() => assembleMeta(structs)).toThrow(refused(/A → B → A/));
  });

  test("a struct in itself is a loop, also when nothing leads to it", () => {
    const structs = [struct("Top", {}), struct("A", { a: { array: to("A") } })];
    expect(() => assembleMeta(structs)).toThrow(refused(/A → A/));
  });

  test("a chain of 20,000 structs is checked without recursion", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => struct(`S${i}`, { next: { datum: to(`S${i + 1}`) } }));
    expect(assembleMeta([...chain, struct("S20000", {})]).size).toBe(20_001);
  });

  test.each<[string, MetaField]>([
    ["datum", { datum: to("Nope") }],
    ["array", { array: to("Nope") }],
    ["dict", { dict: { key: "string", datum: to("Nope") } }],
  ])("an unknown struct in a %s", (_, field) => {
    expect(() => assembleMeta([struct("Top", { x: field })])).toThrow(refused(/Top\.x .*"Nope"/));
  });

  test.each<[string, MetaKind]>([
    ["float", "float"],
    ["a struct", to("Top")],
  ])("%s as a dictionary's key", (_, key) => {
    expect(() => assembleMeta([struct("Top", { x: { dict: { key, datum: "u64" } } })])).toThrow(refused(/Top\.x.*key/));
  });

  test("user attributes start with _", () => {
    expect(() => assembleMeta([struct("Top", {}, { user: { om_skip: "true" } })])).toThrow(refused(/"om_skip"/));
    expect(() => assembleMeta([struct("Top", { x: { datum: "u64", user: { unit: "s" } } })])).toThrow(
      refused(/Top\.x.*"unit"/),
    );
  });

  test("one name, two structs; one struct under another name", () => {
    expect(() => assembleMeta([struct("Top", {}), struct("Top", {})])).toThrow(refused(/"Top"/));
    expect(() => checkMeta(new Map([["Other", struct("Top", {})]]))).toThrow(refused(/"Other"/));
  });
});
