// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { applyRules, parseRules } from "../../../src/export/rules.js";
import type { StatsReading } from "../../../src/protocol/follow.js";
import { followSamples, ReadingSamples } from "../../../src/protocol/samples.js";
import { sampleJson } from "../../../src/sinks/document.js";
import type { DecodedValues } from "../../../src/stats/decode.js";
import { defineStats } from "../../../src/stats/define.js";
import type { Sample, StatsSchema } from "../../../src/stats/schema.js";
import * as stat from "../../../src/stats/stat.js";
import { fakeServer, scratch } from "./peer.js";

/** The warnings from here on. */
function warnings(): string[] {
  const texts: string[] = [];
  const listener = (message: unknown) => {
    const { level, text } = message as LogRecord;
    if (level === "warn") texts.push(text);
  };
  subscribe("scxkit:log", listener);
  onTestFinished(() => void unsubscribe("scxkit:log", listener));
  return texts;
}

type Fields = Record<string, object>;
const struct = (name: string, fields: Fields, more: object = {}) => ({ [name]: { name, fields, ...more } });
const counter = { datum: "u64", user: { _scx_kind: "counter" } };

/** A server that describes itself so, and whose answers come one after the other, the last one again and again. */
const served = (meta: object, answers: readonly string[]) => {
  let asked = 0;
  return fakeServer((line, socket) => {
    const isMeta = JSON.parse(line).req === "stats_meta";
    const resp = isMeta ? JSON.stringify(meta) : answers[Math.min(asked++, answers.length - 1)];
    socket.write(`{"errno":0,"args":{"resp":${resp}}}\n`);
  });
};

async function take(path: string, count: number) {
  const taken = [];
  for await (const { sample } of followSamples({ path, intervalMs: 1, scheduler: "x" }))
    if (taken.push(sample) === count) break;
  return taken;
}

const gauge = (kind: string) => ({ datum: kind });
const both = (total: bigint, delta: bigint) => ({ total, delta });

describe("what isn't as described is left out, the rest comes, and it is said once:", () => {
  it("null, as upstream's servers write NaN; a counter that is absent goes on from where it was", async () => {
    const said = warnings();
    const path = await served(struct("S", { n: counter, g: gauge("float"), m: gauge("u64") }, { top: "true" }), [
      '{"g":0.5,"m":1,"n":5}',
      '{"g":null,"m":1,"n":7}',
      '{"g":null,"m":1}',
      '{"g":1.5,"m":1,"n":8}',
    ]);
    const m = { value: 1n };
    const samples = await take(path, 4);
    expect(samples.map(({ stats }) => ({ ...stats }))).toEqual([
      { n: both(5n, 0n), g: { value: 0.5 }, m },
      { n: both(7n, 2n), m },
      { m },
      { n: both(8n, 1n), g: { value: 1.5 }, m },
    ]);
    expect(samples.map(({ epoch }) => epoch)).toEqual([0, 0, 0, 0]);
    expect(said).toEqual([
      "g is null, and should be a finite number. It is left out.",
      "n is missing, and should be an integer from 0 to 2^64 - 1. It is left out.",
    ]);
  });

  it("one of a dictionary, whose counters go on; a list of which one is null", async () => {
    const fields = { doms: { dict: { key: "u64", datum: { struct: "D" } } }, l: { array: "float" }, n: gauge("u64") };
    const meta = { ...struct("S", fields, { top: "true" }), ...struct("D", { n: counter, load: gauge("float") }) };
    const path = await served(meta, [
      '{"doms":{"0":{"load":1.0,"n":5},"1":{"load":1.0,"n":1}},"l":[1.0,2.0],"n":1}',
      '{"doms":{"0":null,"1":{"load":null,"n":2}},"l":[1.0,null],"n":1}',
      '{"doms":{"0":{"load":1.0,"n":6},"1":{"load":1.0,"n":2}},"l":[1.0,2.0],"n":1}',
    ]);
    const [, faulty, good] = await take(path, 3);
    expect(JSON.parse(sampleJson(faulty as Sample)).stats).toEqual({
      doms: { entries: { 1: { fields: { n: { total: 2, delta: 1 } } } } },
      n: { value: 1 },
    });
    expect(good?.stats.doms).toMatchObject({ entries: { 0: { fields: { n: both(6n, 1n) } } } });
  });

  it.each([
    ["a type that we don't know", { u: gauge("u128") }, {}, /^S\.u\.datum is "u128", which is no type\. The field/],
    ["a field of no shape", { u: {} }, {}, /^S\.u has no datum, array or dict\./],
    ["an unknown struct", { u: { datum: { struct: "T" } } }, {}, /^S\.u refers to unknown struct "T"\./],
    ["a loop", { u: { datum: { struct: "S" } } }, {}, /^The structs refer to each other in a loop: S → S\. The field/],
    [
      "a long loop",
      { u: { datum: { struct: "A" } } },
      struct("A", { a: gauge("u64"), s: { datum: { struct: "S" } } }),
      /in a loop: S → A → S\./,
    ],
  ])("%s in the metadata", async (name, fields, more, message) => {
    const said = warnings();
    const meta = { ...more, ...struct("S", { n: counter, ...fields } as Fields, { top: "true" }) };
    const u = name === "a long loop" ? '{"a":1,"s":1}' : "1";
    const samples = await take(await served(meta, [`{"n":5,"u":${u}}`, `{"n":6,"u":${u}}`]), 2);
    expect(samples[1]?.stats.n).toEqual(both(6n, 1n));
    if (name === "a long loop") expect(samples[1]?.stats.u).toEqual({ fields: { a: { value: 1n } } });
    expect(said).toEqual([expect.stringMatching(message)]);
  });

  it("a counter below zero, which only a rule can make", async () => {
    const said = warnings();
    const signed = defineStats("S", { n: stat.i64() });
    const rules = parseRules("r.json", '{"stats":{"n":{"kind":"counter"}}}');
    const samples = new ReadingSamples({ change: (schema) => applyRules(rules, schema) });
    const next = (n: bigint) => samples.next(reading({ n }, signed))?.sample.stats.n;
    expect([5n, -1n, -2n, 3n].map(next)).toEqual([both(5n, 0n), undefined, undefined, both(8n, 3n)]);
    expect(said).toEqual([expect.stringMatching(/^n is below zero, and so is no counter/)]);
  });

  it("nothing at all is read where a rule can't be applied, however often it is tried", () => {
    const rules = parseRules("r.json", '{"stats":{"n":{"kind":"counter"}}}');
    const samples = new ReadingSamples({ change: (schema) => applyRules(rules, schema) });
    const texts = defineStats("S", { n: stat.string() });
    const twice = () =>
      [1, 2].map(() =>
        expect(() => samples.next(reading({ n: "0a" }, texts))).toThrow("makes a counter of what is no"),
      );
    twice(); // at first
    expect(samples.next(reading({ n: 5n }, defineStats("S", { n: stat.u64() })))?.sample.stats.n).toEqual(both(5n, 0n));
    twice();
    expect(samples.next(reading({ n: 6n }, defineStats("S", { n: stat.u64() })))?.sample.stats.n).toEqual(both(6n, 1n));
  });

  it("a field of a target other than top", async () => {
    const meta = struct("S", { n: counter, g: gauge("float") });
    const path = await served({ ...struct("T", { x: counter }, { top: "true" }), ...meta }, [
      '{"g":0.5,"n":5}',
      '{"n":6}',
    ]);
    const taken = [];
    for await (const { sample } of followSamples({ path, intervalMs: 1, target: "s" }))
      if (taken.push(sample.stats.n) === 2) break;
    expect(taken).toEqual([both(5n, 0n), both(6n, 1n)]);
  });
});

const balance = defineStats("balance", { moved: stat.counter(), kept: stat.counter() });
const wider = defineStats("balance", { moved: stat.counter(), kept: stat.counter(), more: stat.counter() });

const reading = (
  values: Record<string, bigint | string>,
  schema: StatsSchema = balance,
  server?: string,
): StatsReading<DecodedValues> => ({ at: 1n, connection: 1, server, values, schema, line: "" });

describe("a restart is told by", () => {
  it.each([
    ["another process; what it counted is added where a counter went back", "2@9", balance, { moved: 2n, kept: 30n }],
    ["other metadata", "1@9", wider, { moved: 2n, kept: 30n, more: 4n }],
    ["counters that went back", "1@9", balance, { moved: 2n, kept: 3n }],
  ])("%s", (_, server, schema, values) => {
    const samples = new ReadingSamples();
    samples.next(reading({ moved: 150n, kept: 20n }, balance, "1@9"));
    const next = samples.next(reading(values, schema, server))?.sample;
    const counts = Object.entries(values).map(([name, n]) => [
      name,
      both(n + ({ moved: 150n, kept: 20n }[name] ?? 0n), n),
    ]);
    expect(next).toMatchObject({ epoch: 1, stats: Object.fromEntries(counts) });
    expect(samples.next(reading(values, schema, server))?.sample.epoch).toBe(1);
  });

  it("nothing else: neither one counter of several, nor a process that one can't tell", () => {
    const samples = new ReadingSamples();
    const all = { moved: 1n, kept: 5n, more: 7n };
    samples.next(reading(all, wider, "1@9"));
    expect(samples.next(reading({ ...all, moved: 0n }, wider, undefined))?.sample.epoch).toBe(0);
    expect(samples.next(reading(all, { ...wider }, "1@9"))?.sample.epoch).toBe(0);
  });

  // Counts its requests, and ends each connection after so many answers.
  const script = `
    const [path, from, most] = process.argv.slice(1);
    let n = Number(from);
    require("node:net").createServer((socket) => {
      let left = Number(most) + 1;
      socket.on("error", () => {}).on("data", (line) => {
        const meta = { S: { name: "S", top: "true", fields: { n: { datum: "u64", user: { _scx_kind: "counter" } } } } };
        const resp = String(line).includes("stats_meta") ? meta : { n: ++n };
        socket.write(JSON.stringify({ errno: 0, args: { resp } }) + "\\n");
        if (--left === 0) socket.end();
      });
    }).listen(path, () => console.log("up"));`;

  async function started(path: string, from: number) {
    const server = spawn(process.execPath, ["-e", script, path, `${from}`, "2"]);
    onTestFinished(() => void server.kill("SIGKILL"));
    await once(server.stdout, "data");
    return server;
  }

  it("who listens, and not by connections", async () => {
    const path = join(scratch(onTestFinished), "stats");
    const first = await started(path, 0);
    const epochs = [];
    for await (const { sample } of followSamples({ path, intervalMs: 1, scheduler: "x" })) {
      if (epochs.push(sample.epoch) === 6) {
        first.kill("SIGKILL");
        await once(first, "exit");
        rmSync(path);
        await started(path, 100);
      }
      if (epochs.length === 12) break;
    }
    expect(epochs).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });
});
