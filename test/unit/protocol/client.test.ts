// SPDX-License-Identifier: MIT
import { existsSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import { StatsClient } from "../../../src/protocol/client.js";
import type { StatsClientOptions } from "../../../src/protocol/client_options.js";
import { followStats } from "../../../src/protocol/follow.js";
import { StatsServer } from "../../../src/protocol/server.js";
import { defineStats } from "../../../src/stats/define.js";
import { schemaOf } from "../../../src/stats/schema_of.js";
import * as stat from "../../../src/stats/stat.js";
import { clusterTarget, FakeSampler, fakeServer, scratch } from "./peer.js";

/** A server that answers each line as the test says, and a client of it. */
async function pair(
  answer: (line: string, socket: Socket) => void,
  options?: StatsClientOptions,
): Promise<StatsClient> {
  const client = await StatsClient.connect(await fakeServer(answer), options);
  onTestFinished(() => client.close());
  return client;
}

const reply = (resp: string) => pair((_, socket) => socket.write(`{"errno":0,"args":{"resp":${resp}}}\n`));
const wire = (message: RegExp) =>
  expect.objectContaining({ code: "ERR_SCX_WIRE", errno: undefined, message: expect.stringMatching(message) });

test("against our own server: values exact, errors with errno, one after the other", async () => {
  const sampler = new FakeSampler();
  const path = join(scratch(onTestFinished), "stats");
  await using _server = await StatsServer.listen({ path, sampler });
  await using client = await StatsClient.connect(path);
  Object.assign(sampler, { local: 2n ** 64n - 1n, depth: -(2n ** 63n) });
  expect(await client.request("stats")).toEqual({ at: 1n, local: 2n ** 64n - 1n, depth: -(2n ** 63n) });
  await expect(client.request("stats", { target: "nope" })).rejects.toMatchObject({ code: "ERR_SCX_WIRE", errno: 22 });
  const [delta, meta, again] = await Promise.all([
    client.request("stats", { target: "delta" }),
    client.requestLine("stats_meta"),
    client.request("stats", { target: "delta" }),
  ]);
  expect([delta, again]).toMatchObject([{ local: 2n ** 64n - 1n }, { local: 0n }]);
  expect(meta).toMatch(/^\{"errno":0,"args":\{"resp":\{"simple_stats"/);
});

test("requests are sent one at a time, as upstream writes them", async () => {
  const lines: string[] = [];
  const client = await pair((line, socket) => {
    lines.push(line);
    setImmediate(() => {
      expect(lines).toHaveLength(Number(JSON.parse(line).args.n));
      socket.write(`{"errno":0,"args":{"resp":${JSON.parse(line).args.n}}}\n`);
    });
  });
  const replies = ["1", "2", "3"].map((n) => client.request("stats", { target: "ä", n }));
  expect(await Promise.all(replies)).toEqual([1n, 2n, 3n]);
  expect(lines[0]).toBe('{"req":"stats","args":{"n":"1","target":"ä"}}');
});

test.each([
  ["18446744073709551615", 2n ** 64n - 1n],
  ["-9223372036854775808", -(2n ** 63n)],
  ["1.0", 1],
  ["1e16", 1e16],
  ["1e+16", 1e16],
  ["null", null],
  ['[true,"ä\\u0000"]', [true, "ä\0"]],
])("%s is read as %s", async (text, value) => {
  expect(await (await reply(text)).request("stats")).toEqual(value);
});

test("names of Object.prototype are fields like any other", async () => {
  const value = await (await reply('{"__proto__":{"polluted":1},"constructor":2}')).request("stats");
  expect(Object.entries(value as object)).toEqual([
    ["__proto__", { polluted: 1n }],
    ["constructor", 2n],
  ]);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test("an error reply: its errno, its text without control characters, all of it in the log", async () => {
  const client = await pair((_, socket) => socket.write('{"errno":5,"args":{"resp":"no\\u001b[2J\\nCaused by"}}\n'));
  await expect(client.request("stats")).rejects.toMatchObject({
    code: "ERR_SCX_WIRE",
    errno: 5,
    message: expect.stringMatching(/errno 5: no \[2J\.\n/),
    log: ["no [2J", "Caused by"],
  });
});

test("an error as upstream's servers write it: with its cause", async () => {
  const text =
    "Invalid argument (os error 22)\\n\\nCaused by:\\n    unknown stat target\\n\\nStack backtrace:\\n   0: main";
  const client = await pair((_, socket) => socket.write(`{"errno":22,"args":{"resp":"${text}"}}\n`));
  await expect(client.request("stats")).rejects.toThrow(
    /^The server answered with errno 22: Invalid argument \(os error 22\): unknown stat target\.\n/,
  );
});

describe("a server that breaks the protocol", () => {
  test.each([
    ["no JSON", "nope\n"],
    ["no object", "[]\n"],
    ["a blank line", "\n"],
    ["no errno", '{"args":{"resp":1}}\n'],
    ["an errno with a fraction", '{"errno":0.0,"args":{"resp":1}}\n'],
    ["an errno below zero", '{"errno":-22,"args":{"resp":1}}\n'],
    ["an errno from a prototype", '{"__proto__":{"errno":0},"args":{"resp":1}}\n'],
    ["no args", '{"errno":0}\n'],
    ["args null", '{"errno":0,"args":null}\n'],
    ["no resp", '{"errno":0,"args":{}}\n'],
    ["nesting without end", `{"errno":0,"args":{"resp":${"[".repeat(200_000)}${"]".repeat(200_000)}}}\n`],
    ["two values for one name", '{"errno":0,"args":{"resp":1,"resp":2}}\n'],
  ])("with %s", async (_, line) => {
    const client = await pair((_request, socket) => socket.write(line));
    await expect(client.request("stats")).rejects.toEqual(wire(/./));
  });

  test.each<[string, (socket: Socket) => void, RegExp]>([
    ["ends in the middle of a line", (socket) => void socket.end('{"errno":0'), /closed the connection/],
    ["cuts the connection", (socket) => void socket.destroy(), /closed the connection|is gone/],
    ["sends what is no UTF-8", (socket) => void socket.write(Buffer.from([0xff, 10])), /UTF-8/],
    ["sends a line over the limit", (socket) => void socket.write("x".repeat(2000)), /more than 1000 bytes/],
  ])("one that %s; then the client has ended", async (_, act, message) => {
    const client = await pair((_request, socket) => act(socket), { maxLine: 1000 });
    await expect(client.request("stats")).rejects.toEqual(wire(message));
    await expect(client.request("stats")).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  });

  test("one that sends more lines than were asked for", async () => {
    const line = '{"errno":0,"args":{"resp":1}}\n';
    const client = await pair((_, socket) => socket.write(line + line));
    expect(await client.request("stats")).toBe(1n);
    await expect(client.request("stats")).rejects.toMatchObject({
      code: "ERR_SCX_CLOSED",
      cause: wire(/nobody asked/),
    });
  });
});

describe("giving up", () => {
  test("a server that never answers: ERR_SCX_TIMEOUT for all that wait, then the client has ended", async () => {
    const client = await pair(() => {}, { timeoutMs: 500 });
    const both = await Promise.allSettled([client.request("stats"), client.request("stats")]);
    for (const result of both)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "ERR_SCX_TIMEOUT" } });
    await expect(client.request("stats")).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  });

  test("a month is more than a timer can wait for, and no limit", async () => {
    const later = (socket: Socket) => setTimeout(() => socket.write('{"errno":0,"args":{"resp":1}}\n'), 50);
    const client = await pair((_, socket) => void later(socket), { timeoutMs: 2 ** 32 });
    expect(await client.request("stats")).toBe(1n);
  });

  test("one that waits its turn is taken out; one under way ends the connection", async () => {
    let answer = () => {};
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const client = await pair((line, socket) => {
      answer = () => void socket.write(`{"errno":0,"args":{"resp":"${JSON.parse(line).req}"}}\n`);
      arrive();
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = client.request("first", {}, { signal: one.signal });
    const second = client.request("second", {}, { signal: two.signal });
    const third = client.request("third", {}, { signal: one.signal });
    const told = Promise.allSettled([first, second, third]);
    two.abort();
    await expect(second).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    await arrived;
    answer();
    expect(await first).toBe("first");
    one.abort(new Error("enough"));
    expect(await told).toMatchObject([{ status: "fulfilled" }, {}, { reason: { code: "ERR_SCX_ABORTED" } }]);
    await expect(client.request("fourth")).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  });

  test("a signal that has fired already sends nothing", async () => {
    const lines: string[] = [];
    const client = await pair((line, socket) => {
      lines.push(line);
      socket.write('{"errno":0,"args":{"resp":1}}\n');
    });
    const gone = { signal: AbortSignal.abort() };
    await expect(client.request("stats", {}, gone)).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    expect(await client.request("stats_meta")).toBe(1n);
    expect(lines).toHaveLength(1);
  });

  test("closing fails what waits, and can be done twice", async () => {
    const client = await pair(() => {});
    const waiting = expect(client.request("stats")).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
    await Promise.all([client.close(), client.close()]);
    await waiting;
  });
});

describe("connecting", () => {
  test.each<[string, string, (path: string) => void]>([
    ["nothing there", "ERR_SCX_CONNECT", () => {}],
    ["a regular file", "ERR_SCX_CONNECT", (path) => writeFileSync(path, "")],
  ])("%s: %s", async (_, code, make) => {
    const path = join(scratch(onTestFinished), "stats");
    make(path);
    await expect(StatsClient.connect(path)).rejects.toMatchObject({ code, errno: expect.any(Number) });
  });

  test("a path too long, a signal that has fired", async () => {
    await expect(StatsClient.connect(`/${"x".repeat(107)}`)).rejects.toMatchObject({ code: "ERR_SCX_SOCKET_PATH" });
    const signal = AbortSignal.abort();
    await expect(StatsClient.connect("/nowhere", { signal })).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    expect(existsSync("/nowhere")).toBe(false);
  });
});

test("a server that turns clients away says why: that is the error, and what follows waits for its turn", async () => {
  const path = join(scratch(onTestFinished), "stats");
  await using _server = await StatsServer.listen({ path, sampler: new FakeSampler(), maxConnections: 1 });
  const first = await StatsClient.connect(path);
  expect(await first.stats()).toHaveProperty("local");
  await using refused = await StatsClient.connect(path);
  const error = await refused.stats().catch((one) => one);
  // Be it before it could ask, or in place of the answer.
  expect(error).toMatchObject({ code: "ERR_SCX_WIRE", errno: 11 });
  const readings = followStats({ path, intervalMs: 1 });
  const waits = readings.next();
  await first.close();
  expect(await waits).toMatchObject({ value: { values: { local: 0n } } });
  await readings.return();
});

test("one that doesn't allow us says so: that isn't waited for", async () => {
  const path = join(scratch(onTestFinished), "stats");
  await using _server = await StatsServer.listen({ path, sampler: new FakeSampler(), allow: { users: [4100] } });
  const denied = { code: "ERR_SCX_PRIVILEGE", errno: 13, message: expect.stringContaining("may not read") };
  await using client = await StatsClient.connect(path);
  await expect(client.stats()).rejects.toMatchObject(denied);
  await expect(followStats({ path, intervalMs: 1 }).next()).rejects.toMatchObject(denied);
});

test("a path where no socket stands is no server that will come again", async () => {
  const path = join(scratch(onTestFinished), "stats");
  writeFileSync(path, "");
  await expect(followStats({ path, intervalMs: 1 }).next()).rejects.toMatchObject({
    code: "ERR_SCX_CONNECT",
    errno: 88,
    message: expect.stringMatching(/is no socket/),
  });
});

describe("statistics by their types", () => {
  const domain = defineStats("DomainStats", { name: stat.string(), events: stat.u64(), pressure: stat.float() });
  const cluster = defineStats("ClusterStats", { at: stat.u64(), doms_dict: stat.dict("u64", stat.group(domain)) });

  async function ofCluster(): Promise<StatsClient> {
    const path = join(scratch(onTestFinished), "stats");
    const args = { open: () => ({ read: (given: ReadonlyMap<string, string>) => given }) };
    const server = await StatsServer.listen({ path, targets: { top: clusterTarget(), args } });
    const client = await StatsClient.connect(path);
    onTestFinished(async () => {
      await client.close();
      await server.close();
    });
    return client;
  }

  test("of a definition, with bigints or numbers", async () => {
    const client = await ofCluster();
    const { at, doms_dict } = await client.stats(cluster);
    expectTypeOf(at).toEqualTypeOf<bigint>();
    expect(at).toBe(12345n);
    expect(doms_dict.get(3n)).toEqual({ name: "domain 3", events: 5678n, pressure: 5.678 });
    const numbers = await client.stats(cluster, { target: "top", integers: "number" });
    expectTypeOf(numbers.at).toEqualTypeOf<number>();
    expect(numbers.at).toBe(12345);
    expect(numbers.doms_dict.get(3)).toEqual({ name: "domain 3", events: 5678, pressure: 5.678 });
  });

  test("of what the server says of itself, and without any", async () => {
    const client = await ofCluster();
    const values = await client.stats(schemaOf(await client.meta()));
    expect(values).toMatchObject({ name: "test cluster", bitmap: [0xdeadbeefn, 0xbeefdeadn] });
    expect(await client.stats({ integers: "number" })).toMatchObject({ doms_dict: { 0: { events: 1234 } } });
    expect(await client.stats({ target: "args", args: { a: "ä" } })).toEqual({ a: "ä", target: "args" });
  });

  test("a reply that isn't what the definition says: the field, what it is and should be; the connection stays", async () => {
    const client = await ofCluster();
    const wrong = defineStats("Wrong", {
      doms_dict: stat.dict("u64", stat.group(defineStats("D", { name: stat.u64() }))),
    });
    await expect(client.stats(wrong)).rejects.toEqual(
      wire(/^doms_dict\.0\.name is "domain 0", and should be an integer from 0 to 2\^64 - 1\./),
    );
    expect(await client.stats(cluster)).toMatchObject({ at: 12345n });
  });

  test("a server of upstream's first release is asked by the names that it knows", async () => {
    const asked: string[] = [];
    const client = await pair((line, socket) => {
      const { req } = JSON.parse(line);
      asked.push(req);
      if (req === "stat") socket.write('{"errno":0,"args":{"resp":{"at":1}}}\n');
      else if (req === "stat_meta")
        socket.write('{"errno":0,"args":{"resp":[{"name":"S","desc":null,"fields":[{"name":"at","datum":"U64"}]}]}}\n');
      else socket.write('{"errno":22,"args":{"resp":"unknown command"}}\n');
    });
    const schema = schemaOf(await client.meta());
    expect(await client.stats(schema)).toEqual({ at: 1n });
    expect(asked).toEqual(["stats_meta", "stat_meta", "stat"]);
  });

  test("what no release knows is the error that today's name got", async () => {
    const client = await pair((line, socket) =>
      socket.write(`{"errno":22,"args":{"resp":"no ${JSON.parse(line).req}"}}\n`),
    );
    await expect(client.stats()).rejects.toMatchObject({ errno: 22, log: ["no stats"] });
  });
});

describe("several requests on their way", () => {
  /** Answers in order, but only once as many as given have come. */
  const answering = (count: number, options: StatsClientOptions) => {
    const waiting: string[] = [];
    return pair((line, socket) => {
      waiting.push(JSON.parse(line).args.n);
      if (waiting.length < count) return;
      for (const n of waiting.splice(0)) socket.write(`{"errno":0,"args":{"resp":${n}}}\n`);
    }, options);
  };
  const ask = (client: StatsClient, count: number) =>
    Promise.all(Array.from({ length: count }, (_, n) => client.request("stats", { n: `${n}` })));

  test("as many as allowed, answered in order", async () => {
    const client = await answering(4, { pipeline: 4 });
    expect(await ask(client, 12)).toEqual(Array.from({ length: 12 }, (_, n) => BigInt(n)));
    expect(client.pipeline).toBe(4);
  });

  test("no more than allowed: the fourth of three never leaves", async () => {
    const client = await answering(4, { pipeline: 3, timeoutMs: 500 });
    await expect(ask(client, 4)).rejects.toMatchObject({ code: "ERR_SCX_TIMEOUT" });
  });

  test("one that waits its turn can be given up, one under way ends the connection", async () => {
    const client = await pair(() => {}, { pipeline: 2 });
    const [waits, leaves] = [new AbortController(), new AbortController()];
    const asked = [undefined, leaves.signal, waits.signal].map((signal) => client.request("stats", {}, { signal }));
    const told = Promise.allSettled(asked);
    waits.abort();
    await expect(asked[2]).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    leaves.abort();
    expect(await told).toMatchObject([{ reason: { code: "ERR_SCX_ABORTED" } }, { status: "rejected" }, {}]);
    await expect(client.request("stats")).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  });

  test("a server that answers them is found out, and so is one that reads one request at a time", async () => {
    const ours = join(scratch(onTestFinished), "stats");
    await using _server = await StatsServer.listen({ path: ours, sampler: new FakeSampler() });
    await using client = await StatsClient.connect(ours, { pipeline: "probe" });
    expect(client.pipeline).toBe(64);
    expect(await Promise.all(Array.from({ length: 200 }, () => client.stats()))).toHaveLength(200);
    // It takes whatever has come for one request.
    const single = await fakeServer((line, socket, first) => {
      if (first) socket.write(`{"errno":0,"args":{"resp":"${JSON.parse(line).req}"}}\n`);
    });
    await using slow = await StatsClient.connect(single, { pipeline: "probe", timeoutMs: 2000 });
    expect(slow.pipeline).toBe(1);
    expect(await slow.request("stats")).toBe("stats");
  });

  test("a number that is none", async () => {
    await expect(StatsClient.connect("/nowhere", { pipeline: 0 })).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
  });
});
