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
import type { StatsSchema } from "../../../src/stats/schema.js";

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
    expect(stringify(assembleMeta([metaOf(schema)]))).toBe(
      '{"simple_stats":{"desc":"counts","fields":{' +
        '"at":{"datum":"u64","desc":"time of the reading, ns since 1970","user":{"_om_skip":"true"}},' +
        '"depth":{"datum":"i64","user":{"_scx_kind":"gauge"}},' +
        '"local":{"datum":"u64","desc":"to the local DSQ","user":{"_scx_kind":"counter"}},' +
        '"waited":{"datum":"u64","user":{"_scx_kind":"counter","_scx_unit":"seconds"}}' +
        '},"name":"simple_stats","top":"true"}}',
    );
  });

  test("names that an object file may have", () => {
    const names = ["__proto__", "constructor", "toString"];
    const meta = metaOf({ name: "s", stats: names.map((name) => ({ name, kind: "counter" })) });
    expect([...meta.fields.keys()]).toEqual(["at", ...names]);
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
