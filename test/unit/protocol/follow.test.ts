// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { join } from "node:path";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { declaredTarget } from "../../../src/protocol/declared.js";
import { followStats, type StatsReading } from "../../../src/protocol/follow.js";
import { StatsServer } from "../../../src/protocol/server.js";
import type { Target } from "../../../src/protocol/target.js";
import { defineStats } from "../../../src/stats/define.js";
import * as stat from "../../../src/stats/stat.js";
import { clusterTarget, FakeSampler, fakeServer, scratch } from "./peer.js";

const freshPath = () => join(scratch(onTestFinished), "stats");

/** What the library says from here on. */
function logged(): { records: LogRecord[]; next: () => Promise<void> } {
  const records: LogRecord[] = [];
  let wake = () => {};
  const listener = (message: unknown) => {
    records.push(message as LogRecord);
    wake();
  };
  subscribe("scxkit:log", listener);
  onTestFinished(() => void unsubscribe("scxkit:log", listener));
  const next = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  return { records, next };
}

const warnings = (records: LogRecord[]) => records.filter(({ level }) => level === "warn").map(({ text }) => text);

async function take<R extends StatsReading<unknown>>(readings: AsyncIterable<R>, count: number): Promise<R[]> {
  const taken: R[] = [];
  for await (const reading of readings) if (taken.push(reading) === count) break;
  return taken;
}

test("by the server's own metadata: values with their types, the schema, the line", async () => {
  const path = freshPath();
  await using _server = await StatsServer.listen({ path, targets: { top: clusterTarget() } });
  const [first, second] = await take(followStats({ path, intervalMs: 1 }), 2);
  expect(first).toMatchObject({
    connection: 1,
    schema: { name: "ClusterStats", top: true },
    values: {
      at: 12345n,
      doms_dict: new Map(
        [
          [0n, {}],
          [3n, { pressure: 5.678 }],
        ].map(([k, v]) => [k, expect.objectContaining(v as object)]),
      ),
    },
    line: expect.stringMatching(/^\{"errno":0,.*"test cluster"/),
  });
  expect(second?.at).toBeGreaterThanOrEqual(first?.at ?? 0n);
});

test("by a definition, typed", async () => {
  const path = freshPath();
  await using _server = await StatsServer.listen({ path, targets: { top: clusterTarget() } });
  const of = defineStats("ClusterStats", { at: stat.u64() });
  for await (const { values } of followStats({ path, intervalMs: 1, of, integers: "number" })) {
    expectTypeOf(values.at).toEqualTypeOf<number>();
    expect(values).toEqual({ at: 12345 });
    break;
  }
});

test("a target other than top is described by the struct that has its fields", async () => {
  const path = freshPath();
  const sampler = new FakeSampler();
  const told = { open: () => ({ read: () => ({ what: "nobody knows", n: 1n }) }) };
  await using _server = await StatsServer.listen({ path, sampler, targets: { told } });
  const [delta] = await take(followStats({ path, intervalMs: 1, target: "delta" }), 1);
  expect(delta).toMatchObject({ schema: { name: "simple_stats" }, values: { local: 0n } });
  const [unknown] = await take(followStats({ path, intervalMs: 1, target: "told", args: { a: "b" } }), 1);
  expect(unknown).toMatchObject({ schema: undefined, values: { what: "nobody knows", n: 1n } });
});

test("another scheduler's statistics that follow on the same connection are described anew", async () => {
  const path = freshPath();
  const log = logged();
  const first = defineStats("first", { at: stat.u64(), moved: stat.counter() }, { top: true });
  const second = defineStats("second", { at: stat.u64(), moved: stat.counter(), load: stat.float() }, { top: true });
  let served = declaredTarget(first, () => ({ at: 1n, moved: 2n }));
  const top: Target = {
    get meta() {
      return served.meta ?? [];
    },
    open: (session) => ({ read: async (args) => (await served.open(session)).read(args) }),
  };
  await using _server = await StatsServer.listen({ path, targets: { top } });
  const readings = followStats({ path, intervalMs: 1 });
  expect(await readings.next()).toMatchObject({ value: { schema: { name: "first" } } });
  served = declaredTarget(second, () => ({ at: 1n, moved: 3n, load: 0.5 }));
  expect(await readings.next()).toMatchObject({
    value: { connection: 1, schema: { name: "second" }, values: { moved: 3n, load: 0.5 } },
  });
  await readings.return();
  expect(warnings(log.records)).toEqual([]);
});

test("fields that nobody described are left out, and metadata not asked for with each reading", async () => {
  const asked: string[] = [];
  const path = await fakeServer((line, socket) => {
    const { req } = JSON.parse(line);
    asked.push(req);
    const meta = '{"S":{"name":"S","top":"true","fields":{"n":{"datum":"u64"}}}}';
    socket.write(`{"errno":0,"args":{"resp":${req === "stats" ? '{"n":1,"more":2}' : meta}}}\n`);
  });
  for (const { values } of await take(followStats({ path, intervalMs: 1 }), 3)) expect(values).toEqual({ n: 1n });
  expect(asked).toEqual(["stats_meta", "stats", "stats_meta", "stats", "stats"]);
});

describe("a server that isn't there", () => {
  test("is waited for, which is said once; what comes then is a connection of its own", async () => {
    const path = freshPath();
    const log = logged();
    const readings = followStats({ path, intervalMs: 1 });
    onTestFinished(() => void readings.return());
    const first = readings.next();
    await log.next();
    let server = await StatsServer.listen({ path, sampler: new FakeSampler() });
    expect(await first).toMatchObject({ value: { connection: 1 } });
    await server.close();
    const second = readings.next();
    while (warnings(log.records).length < 2) await log.next();
    server = await StatsServer.listen({ path, sampler: new FakeSampler() });
    expect(await second).toMatchObject({ value: { connection: 2, values: { local: 0n } } });
    expect(warnings(log.records)).toEqual([
      `There is no ${path}. It is waited for.`,
      expect.stringMatching(/(closed the connection|is gone.*)\. It is waited for\.$/),
    ]);
    await readings.return();
    await server.close();
  });

  test("is the error, if wanted", async () => {
    const path = freshPath();
    const readings = followStats({ path, intervalMs: 1, retry: false });
    await expect(readings.next()).rejects.toMatchObject({ code: "ERR_SCX_CONNECT" });
  });

  test("is waited for no longer than the signal or the caller wants", async () => {
    const path = freshPath();
    const log = logged();
    const ending = new AbortController();
    const waits = followStats({ path, intervalMs: 1, signal: ending.signal }).next();
    await log.next();
    ending.abort();
    expect(await waits).toEqual({ value: undefined, done: true });
    const readings = followStats({ path, intervalMs: 1 });
    const left = readings.next();
    await log.next();
    await readings.return();
    expect(await left).toEqual({ value: undefined, done: true });
  });
});

test("leaving between two readings doesn't wait for the next one", async () => {
  const path = freshPath();
  await using _server = await StatsServer.listen({ path, sampler: new FakeSampler() });
  const readings = followStats({ path, intervalMs: 2 ** 31 - 1 });
  await readings.next();
  const next = readings.next();
  await readings.return();
  expect(await next).toEqual({ value: undefined, done: true });
});

describe("what waiting doesn't mend", () => {
  test("a target that isn't there, on a server that never answered before", async () => {
    const path = freshPath();
    await using _server = await StatsServer.listen({ path, sampler: new FakeSampler() });
    await expect(followStats({ path, intervalMs: 1, target: "nope" }).next()).rejects.toMatchObject({ errno: 22 });
  });

  test("a reply that isn't what the definition says", async () => {
    const path = freshPath();
    await using _server = await StatsServer.listen({ path, sampler: new FakeSampler() });
    const of = defineStats("simple_stats", { local: stat.string() });
    await expect(followStats({ path, intervalMs: 1, of }).next()).rejects.toThrow(/^local is 0, and should be a text/);
  });

  test.each([0, -1, Number.NaN, 2 ** 31])("an interval of %s", (intervalMs) => {
    expect(() => followStats({ intervalMs })).toThrow(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
  });
});

test("an error that may pass (another errno than 22) is waited out", async () => {
  let asked = 0;
  const path = await fakeServer((line, socket) => {
    const meta = JSON.parse(line).req === "stats_meta";
    const away = !meta && ++asked < 3;
    socket.write(away ? '{"errno":107,"args":{"resp":"away"}}\n' : '{"errno":0,"args":{"resp":{}}}\n');
  });
  const [reading] = await take(followStats({ path, intervalMs: 1 }), 1);
  expect(reading).toMatchObject({ connection: 3, values: {} });
});

test("each cause is said once, until it answers again", async () => {
  const log = logged();
  const answers = ['{"errno":5,"args":{"resp":"one"}}', "no JSON", '{"errno":5,"args":{"resp":"one"}}', ""];
  let asked = 4; // who never answered otherwise is given up
  const path = await fakeServer((line, socket) => {
    const good = '{"errno":0,"args":{"resp":{}}}';
    const answer = JSON.parse(line).req === "stats_meta" ? good : (answers[asked++ % 5] ?? good);
    if (answer === "") socket.destroy();
    else socket.write(`${answer}\n`);
  });
  await take(followStats({ path, intervalMs: 1 }), 3);
  const causes = [
    "The server answered with errno 5: one. It is waited for.",
    "The reply is not JSON. It is waited for.",
    expect.stringMatching(/closed the connection|is gone/),
  ];
  expect(warnings(log.records)).toEqual([...causes, ...causes]);
});

test.each([
  ["doesn't know stats_meta", '{"errno":22,"args":{"resp":"unknown command"}}', /unknown command.*as they come/],
  ["describes itself badly", '{"errno":0,"args":{"resp":{"S":1}}}', /S is 1, not an object.*as they come/],
  [
    "answers otherwise than it says",
    '{"errno":0,"args":{"resp":{"S":{"name":"S","fields":{"n":{"datum":"string"}}}}}}',
    /don't describe its reply: n is 1, and should be a text/,
  ],
])("a server that %s is followed all the same, which is said once", async (_, meta, warning) => {
  const log = logged();
  const path = await fakeServer((line, socket) => {
    const { req } = JSON.parse(line);
    socket.write(`${req.endsWith("_meta") ? meta : '{"errno":0,"args":{"resp":{"n":1}}}'}\n`);
  });
  for (const reading of await take(followStats({ path, intervalMs: 1 }), 2))
    expect(reading).toMatchObject({ values: { n: 1n }, schema: undefined });
  expect(warnings(log.records)).toEqual([expect.stringMatching(warning)]);
});
