// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  declaredTarget,
  defineStats,
  helpLines,
  StatsClient,
  StatsServer,
  stat,
  type ValuesOf,
} from "../../../src/index.js";
import { assembleMeta, structsOf } from "../../../src/stats/meta.js";
import { checkedValues } from "../../../src/stats/values.js";

const domain = defineStats(
  "domain",
  { load: stat.float("load of its CPUs"), tasks: stat.u64() },
  { desc: "a group of CPUs" },
);
const balance = defineStats(
  "balance",
  {
    moved: stat.counter({ desc: "tasks moved", user: { _om_prefix: "b_" } }),
    skew: stat.i64(),
    policy: stat.string("what it goes by"),
    cpus: stat.array(stat.float()),
    domains: stat.dict("u64", stat.group(domain), "by number"),
    worst: stat.group(domain),
  },
  { top: true },
);

const values: ValuesOf<typeof balance> = {
  moved: 2n ** 64n - 1n,
  skew: -5n,
  policy: "weight",
  cpus: [0.5, 1],
  domains: new Map([
    [10n, { load: 1.5, tasks: 3n }],
    [3n, { load: 2, tasks: 4n }],
  ]),
  worst: { load: 2, tasks: 4n },
};

it("gives values their types", () => {
  expectTypeOf(values.moved).toEqualTypeOf<bigint>();
  expectTypeOf(values.cpus).toEqualTypeOf<readonly number[]>();
  expectTypeOf(values.policy).toEqualTypeOf<string>();
  expectTypeOf(values.domains.get(1n)?.load).toEqualTypeOf<number | undefined>();
  // @ts-expect-error a counter is a bigint
  const wrong: ValuesOf<typeof balance> = { ...values, moved: 1 };
  expect(() => checkedValues(balance, wrong)).toThrow(/Statistic moved is 1, and should be a bigint/);
});

it("describes itself as upstream's metadata does", () => {
  const meta = assembleMeta(structsOf(balance));
  expect([...meta.keys()]).toEqual(["balance", "domain"]);
  expect(meta.get("balance")).toMatchObject({ top: "true" });
  expect(meta.get("balance")?.fields.get("domains")).toMatchObject({
    dict: { key: "u64", datum: { struct: "domain" } },
    desc: "by number",
  });
  expect(meta.get("balance")?.fields.get("moved")?.user).toEqual({ _scx_kind: "counter", _om_prefix: "b_" });
});

it("has help in upstream's format", () => {
  expect(helpLines(assembleMeta(structsOf(balance)))).toEqual([
    "[balance]",
    "  cpus    ([float])     ",
    "  domains ({u64:domain}) : by number",
    "  moved   (u64)          : tasks moved",
    "  policy  (string)       : what it goes by",
    "  skew    (i64)         ",
    "  worst   (domain)      ",
    "",
    "[domain ] a group of CPUs",
    "  load    (float)        : load of its CPUs",
    "  tasks   (u64)         ",
  ]);
});

it("has help for what further targets answer with, after what the top leads to", () => {
  const state = defineStats("a_state", { load: stat.float() });
  const meta = assembleMeta([...structsOf(state), ...structsOf(balance)]);
  const heads = (from?: string) => helpLines(meta, from).filter((line) => line.startsWith("["));
  expect(heads()).toEqual(["[balance]", "[domain ] a group of CPUs", "[a_state]"]);
  expect(heads("balance")).toEqual(["[balance]", "[domain ] a group of CPUs"]);
});

describe("values that don't fit", () => {
  it.each([
    ["missing", { skew: undefined }, /skew is undefined, and should be a bigint from -2\^63/],
    ["not declared", { more: 1n }, /more is 1, and should be declared/],
    ["out of range", { moved: -1n }, /moved is -1/],
    ["not finite", { cpus: [1, Number.NaN] }, /cpus\[1\] is NaN, and should be a finite number/],
    ["no Map", { domains: {} }, /domains is a Object, and should be a Map/],
    ["a wrong key", { domains: new Map([["1", { load: 1, tasks: 1n }]]) }, /domains's key is "1"/],
    ["deep inside", { domains: new Map([[7n, { load: 1, tasks: "x" }]]) }, /domains\[7\]\.tasks is "x"/],
    ["null", { worst: null }, /worst is null, and should be an object with the fields of domain/],
  ])("%s", (_, change, message) => {
    expect(() => checkedValues(balance, { ...values, ...change })).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_VALUE", message: expect.stringMatching(message) }),
    );
  });
});

it("serves them, each request afresh", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");
  let moved = 0n;
  const target = declaredTarget(balance, (args) => {
    moved += BigInt(args.get("by") ?? "1");
    return { ...values, moved };
  });
  const server = await StatsServer.listen({ path, targets: { top: target } });
  const client = await StatsClient.connect(path);
  await client.request("stats");
  expect(await client.request("stats", { by: "5" })).toMatchObject({
    moved: 6n,
    policy: "weight",
    cpus: [0.5, 1],
    domains: { "10": { load: 1.5, tasks: 3n } },
  });
  await client.close();
  await server.close();
});

it("refuses fields that are no statistics, and two that metrics couldn't tell apart", () => {
  const family = { name: "moved", labels: { type: "greedy" } };
  for (const [fields, message] of [
    [{ a: 5 }, /^x\.a is no statistic/],
    [{ a: undefined }, /^x\.a is no statistic/],
    [{ "": stat.u64() }, /^x\. is no statistic/],
    [{ a: stat.counter({ family }), b: stat.counter({ family }) }, /^x\.b and a are both moved\{type="greedy"\}/],
    [
      { a: stat.counter({ family }), b: stat.u64({ family: { name: "moved", labels: {} } }) },
      /^x\.b and a are both of moved, and of two kinds/,
    ],
  ] as const)
    expect(() => defineStats("x", fields as never)).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_STATS_META", message: expect.stringMatching(message) }),
    );
});

it("values that are none at all are named", () => {
  for (const nothing of [undefined, null, 5])
    expect(() => checkedValues(balance, nothing)).toThrowError(
      expect.objectContaining({
        code: "ERR_SCX_VALUE",
        message: expect.stringMatching(/^Statistic balance is \w+, and should be an object with the fields of balance/),
      }),
    );
});
