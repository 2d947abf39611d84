// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { stringify } from "../../../src/protocol/json.js";
import { parseReply } from "../../../src/protocol/reply.js";
import { defineStats } from "../../../src/stats/define.js";
import { assembleMeta, metaOf, structsOf } from "../../../src/stats/meta.js";
import { readMeta } from "../../../src/stats/read_meta.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { schemaOf, topOf } from "../../../src/stats/schema_of.js";
import * as stat from "../../../src/stats/stat.js";
import { clusterTarget } from "../protocol/peer.js";

const parsed = (text: string) => parseReply(`{"errno":0,"args":{"resp":${text}}}`);
const travelled = (meta: object) => readMeta(parsed(stringify(meta)));

const kinds: StatsSchema = {
  name: "simple_stats",
  desc: "a scheduler",
  user: { _om_prefix: "s_" },
  top: true,
  stats: [
    { name: "local", kind: "counter", desc: "events", unit: "seconds" },
    { name: "greedy", kind: "counter", family: { name: "dispatched", labels: { type: "greedy", node: "0" } } },
    { name: "first", kind: "counter", family: { name: "dispatched", labels: { cpus: "0-3,8-11", type: "a,c=d" } } },
    { name: "depth", kind: "gauge" },
    { name: "load", kind: "gauge", type: "float", user: { _om_skip: "true" } },
    { name: "name", kind: "gauge", type: "string" },
    { name: "waited", kind: "histogram", unit: "ns" },
    { name: "by_cpu", kind: "counter", type: { array: "u64" } },
    { name: "by_llc", kind: "counter", type: { dict: "u64", key: "string" } },
    { name: "__proto__", kind: "gauge", type: "u64" },
  ],
};

describe("what our own metadata say is read back as the schema that they were made of", () => {
  it("with every kind of statistic", () => {
    const meta = assembleMeta(metaOf(kinds));
    expect(travelled(meta)).toEqual(meta);
    const at = { name: "at", kind: "gauge", type: "u64", desc: expect.any(String), user: { _om_skip: "true" } };
    // Fields travel sorted by name.
    const stats = [at, ...kinds.stats].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(schemaOf(travelled(meta))).toEqual({ ...kinds, stats });
  });

  it("with groups in lists and dictionaries, one of them met twice", () => {
    const domain = defineStats("domain", { load: stat.float("its load"), tasks: stat.u64() });
    const node = defineStats("node", { doms: stat.dict("i64", stat.group(domain)), first: stat.group(domain) });
    const all = defineStats("balance", { moved: stat.counter(), nodes: stat.array(stat.group(node)) }, { top: true });
    expect(schemaOf(travelled(assembleMeta(structsOf(all))))).toEqual(all);
    expect(schemaOf(travelled(assembleMeta(structsOf(all))), "domain")).toEqual(domain);
  });
});

/** As upstream's scx_stats 0.2 describes its example. */
const first =
  '[{"name":"DomainStats","desc":"domain statistics","fields":[{"name":"name","datum":"String"},' +
  '{"name":"events","datum":"U64","desc":"an event counter"},{"name":"pressure","datum":"Float"}]},' +
  '{"name":"ClusterStats","desc":null,"fields":[{"name":"at","datum":"U64"},{"name":"low","datum":"I64"},' +
  '{"name":"bitmap","array":"U64"},{"name":"doms_dict","dict":{"key":"U64","datum":{"Struct":"DomainStats"}}}]}]';

it("reads the first release's lists: its kinds, a desc of null, and the struct that nobody holds as the top one", () => {
  const meta = readMeta(parsed(first));
  expect(topOf(meta)?.name).toBe("ClusterStats");
  const domain = {
    name: "DomainStats",
    desc: "domain statistics",
    stats: [
      { name: "name", kind: "gauge", type: "string" },
      { name: "events", kind: "gauge", type: "u64", desc: "an event counter" },
      { name: "pressure", kind: "gauge", type: "float" },
    ],
  };
  expect(schemaOf(meta)).toEqual({
    name: "ClusterStats",
    stats: [
      { name: "at", kind: "gauge", type: "u64" },
      { name: "low", kind: "gauge" },
      { name: "bitmap", kind: "gauge", type: { array: "u64" } },
      { name: "doms_dict", kind: "gauge", type: { key: "u64", dict: { struct: domain } } },
    ],
  });
});

it("a mark of ours counts only where the type can be of that kind", () => {
  const marked = (kind: string, datum: unknown) =>
    schemaOf(readMeta({ S: { name: "S", fields: { f: { datum, user: { _scx_kind: kind } } } } })).stats[0]?.kind;
  expect([
    marked("counter", "u64"),
    marked("counter", "float"),
    marked("histogram", "u64"),
    marked("x", "u64"),
  ]).toEqual(["counter", "gauge", "gauge", "gauge"]);
});

describe("metadata that are none", () => {
  const struct = (fields: string, more = "") => `{"S":{"name":"S","fields":${fields}${more}}}`;
  it.each([
    ["null", /The metadata is null, not an object/],
    ["[1]", /The metadata\[0\] is 1, not an object/],
    ['[{"fields":[]}]', /The metadata\[0\].name is missing, not a text/],
    ['{"S":{"fields":{}}}', /S.name is missing/],
    ['{"S":{"name":"T","fields":{"f":3}}}', /T.f is 3, not an object/],
    ['[{"name":"S","fields":[]},{"name":"S","fields":[]}]', /Struct "S" is described twice/],
    [struct("null"), /S.fields is null/],
    [struct('{"f":{}}'), /S.f has no datum, array or dict/],
    [struct('{"f":{"datum":"u32"}}'), /S.f.datum is "u32", which is no type/],
    [struct('{"f":{"datum":["u64"]}}'), /S.f.datum is a list, not an object/],
    [struct('{"f":{"datum":{"struct":1}}}'), /S.f.datum.struct is 1/],
    [struct('{"f":{"dict":{"key":"u64"}}}'), /S.f.dict.datum is missing, which is no type/],
    [struct('{"f":{"dict":{"key":"float","datum":"u64"}}}'), /S.f is a dictionary with float as its key/],
    [struct('{"f":{"datum":{"struct":"T"}}}'), /S.f refers to unknown struct "T"/],
    [struct('{"f":{"datum":{"struct":"S"}}}'), /in a loop: S → S/],
    [struct('{"f":{"datum":"u64","desc":1}}'), /S.f.desc is 1/],
    [struct('{"f":{"datum":"u64","user":{"_a":1}}}'), /S.f.user._a is 1/],
    [struct('{"f":{"datum":"u64","user":{"a":"1"}}}'), /user attribute "a"/],
    ['{"__proto__":{"datum":"u64"}}', /__proto__.name is missing/],
  ])("%s", (text, message) => {
    expect(() => readMeta(parsed(text))).toThrow(
      expect.objectContaining({ code: "ERR_SCX_STATS_META", message: expect.stringMatching(message) }),
    );
  });

  it("a chain of structs that no reply can be as deep as", () => {
    const links = Array.from({ length: 20_000 }, (_, i) => ({
      name: `s${i}`,
      fields: { next: { datum: i === 19_999 ? "u64" : { struct: `s${i + 1}` } } },
    }));
    const meta = readMeta(links);
    expect(() => schemaOf(meta)).toThrow(/nest deeper than 125/);
    expect(schemaOf(meta, "s19900").name).toBe("s19900");
    expect(() => schemaOf(meta, "none")).toThrow(/no struct "none"/);
    expect(() => schemaOf(new Map())).toThrow(/describes nothing/);
  });
});

it("upstream's example, as its server describes it", () => {
  const meta = assembleMeta(clusterTarget().meta ?? []);
  expect(travelled(meta)).toEqual(meta);
});
