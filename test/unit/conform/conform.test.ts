// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ConformResult, conform, conformChecks } from "../../../src/conform/conform.js";
import { StatsClient } from "../../../src/protocol/client.js";
import { StatsServer } from "../../../src/protocol/server.js";
import type { Exchange } from "../../../src/relay/recording.js";
import { StatsRelay } from "../../../src/relay/relay.js";
import { StatsReplay } from "../../../src/relay/replay.js";
import { scxkit } from "../cli/started.js";
import { fakeServer, scratch } from "../protocol/peer.js";
import { brokenServer, type Client, type Fault, soundServer } from "./broken.js";

/** @param timeoutMs more than any machine takes, unless silence is what is waited for */
async function results(path: string, checks?: string[], timeoutMs = 20_000): Promise<ConformResult[]> {
  const all: ConformResult[] = [];
  for await (const result of conform(path, { checks, timeoutMs })) all.push(result);
  return all;
}

const conformance = (...args: string[]) => scxkit("conform", ...args);

test("our server keeps every rule", async () => {
  const found = await results((await soundServer()).path);
  expect(found.filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  expect(found.map(({ check }) => check)).toEqual(conformChecks.map(({ name }) => name));
});

describe("what stands before or in place of a server of ours", () => {
  test("a relay keeps every rule", async () => {
    const path = join(scratch(onTestFinished), "relay");
    const relay = await StatsRelay.start({ upstream: (await soundServer()).path, path, intervalMs: 50 });
    onTestFinished(() => relay.close());
    expect((await results(path)).filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  });

  test("and so does a replay", async () => {
    await using client = await StatsClient.connect((await soundServer()).path);
    const exchanges: Exchange[] = [];
    for (const req of ["stats_meta", "stats"])
      exchanges.push({ at: 1n, request: { req, args: new Map() }, line: await client.requestLine(req) });
    const path = join(scratch(onTestFinished), "replay");
    const replay = await StatsReplay.start({ path, exchanges, loop: true });
    onTestFinished(() => replay.close());
    expect((await results(path)).filter(({ outcome }) => outcome !== "passed")).toEqual([]);
  });
});

const isError = (reply: string) => !reply.startsWith('{"errno":0');
const value = '{"errno":0,"args":{"resp":{}}}';
const refusal = '{"errno":22,"args":{"resp":"no"}}';
const isTop = (line: string) => line.includes('"stats"');
/** Changes what one kind of request is answered with. */
const changed = (of: "stats" | "stats_meta", from: string | RegExp, to: string): Fault => ({
  reply: (line, right) => (line.includes(`"${of}"`) ? right.replace(from, to) : right),
});
const refuses = (what: (line: string) => boolean): Fault => ({
  reply: (line, right) => (what(line) ? refusal : right),
});
const cutsOnErrors: Fault = { reply: (_, right) => (isError(right) ? undefined : right) };
const takesErrors: Fault = { reply: (_, right) => (isError(right) ? value : right) };
const noText: Fault = { reply: (_, right) => (isError(right) ? '{"errno":22,"args":{"resp":{}}}' : right) };
const otherErrno: Fault = { reply: (_, right) => right.replace('"errno":22', '"errno":5') };

/** Every check with servers that break its rule, and what it says of them. */
const faults: [check: string, says: RegExp, fault: Fault][] = [
  ["one-reply", /a second line/, { reply: (_, right) => `${right}\n${right}` }],
  ["one-reply", /not JSON/, { reply: () => "hello" }],
  ["one-reply", /no usable "errno"/, { reply: () => '{"args":{"resp":{}}}' }],
  ["one-reply", /said nothing within/, { reply: () => "" }],
  ["crlf", /errno 22/, refuses((line) => line.endsWith("\r"))],
  ["many-in-one-write", /another order/, { lines: (text) => [...text.split("\n").reverse().slice(1), ""].sort() }],
  ["many-in-one-write", /said nothing/, { lines: (text) => [text.split("\n")[0] ?? "", ""] }],
  ["one-in-many-writes", /errno 22/, { lines: (text) => [text.trimEnd(), ""] }],
  ["last-line", /in place of an answer/, { end: (socket) => socket.end() }],
  ["half-close", /said nothing/, { end: () => {} }],
  ["half-close", /more lines/, { end: (socket) => socket.end(`${value}\n`) }],
  [
    "long-line",
    /in place of an answer|failed/,
    { received: ({ socket }, text) => text.length > 60_000 && !!socket.destroy() },
  ],
  ["deep-json", /in place of an answer/, { reply: (line, right) => (line.includes("[[[[") ? undefined : right) }],
  ...["blank-line", "bad-json", "bad-utf8", "not-an-object", "req-missing", "req-not-text", "req-twice"]
    .concat("args-null", "args-list", "args-not-text", "unknown-request", "unknown-target")
    .flatMap((check): typeof faults => [
      [check, /in place of an answer/, cutsOnErrors],
      [check, /answered it with a value/, takesErrors],
      [check, /no text/, noText],
      ...(check === "unknown-target" ? [] : [[check, /errno 5/, otherErrno] as (typeof faults)[number]]),
    ]),
  [
    "blank-line",
    /didn't stay/,
    {
      reply: (_, right, at) => {
        if (isError(right)) at.socket.end(`${right}\n`);
        return isError(right) ? "" : right;
      },
    },
  ],
  ["request-names", /first release \(scx_stats 0\.2\)/, firstRelease()],
  ["args-missing", /errno 22/, refuses((line) => !line.includes("args"))],
  ["unknown-fields", /errno 22/, refuses((line) => line.includes('"x"'))],
  ["any-argument", /errno 22/, refuses((line) => line.includes("__proto__"))],
  ["default-target", /errno 22/, refuses((line) => isTop(line) && !line.includes("target"))],
  ["default-target", /different fields/, { reply: (line, right) => (line.includes("target") ? right : value) }],
  [
    "error-then-answer",
    /in place of an answer/,
    { reply: (_, right, at) => (isError(right) && ++at.shared.errors > 50 ? undefined : right) },
  ],
  ["meta-shape", /cluster.at.datum is "U65"/, changed("stats_meta", '"datum":"u64"', '"datum":"U65"')],
  ["meta-shape", /first release/, changed("stats_meta", /"resp":.*/, '"resp":[]}}')],
  ["meta-references", /unknown struct "nothing"/, changed("stats_meta", '"struct":"domain"', '"struct":"nothing"')],
  ["meta-references", /float as its key/, changed("stats_meta", '"key":"u64"', '"key":"float"')],
  ["meta-top", /0 structs are marked/, changed("stats_meta", ',"top":"true"', "")],
  ["meta-same", /told otherwise/, { reply: (_, right, at) => right.replace("cluster", `cluster${at.id}`) }],
  ["reply-described", /^moved is missing/, changed("stats", '"moved":3', '"more":3')],
  ["reply-described", /^more is 1, and should be described/, changed("stats", '"moved"', '"more":1,"moved"')],
  ["reply-described", /^domains.10.load is "x"/, changed("stats", '"load":0.25', '"load":"x"')],
  ["no-null", /^domains.10.load is null/, changed("stats", "0.25", "null")],
  ["keys-sorted", /^domains has "3" before "10"/, swapped()],
  ["keys-sorted", /"at" before "at"/, changed("stats", /("at":\d+)/, "$1,$1")],
  ["floats-written", /^domains.3.load is a float, and written 1\.$/, changed("stats", "1.0", "1")],
  ["integers-written", /^moved is an integer, and written 3.0/, changed("stats", '"moved":3', '"moved":3.0')],
  ["integers-written", /^bitmap\[1\] is an integer, and written 2e0/, changed("stats", "[1,2]", "[1,2e0]")],
  ["several-clients", /said nothing/, { received: ({ id }) => id > 8 }],
  ["own-baseline", /^Target delta: moved was 3 for one connection, 0 for the next/, sharedBaseline()],
  ["slow-reader", /said nothing/, { reply: whileRead, received: ({ shared }) => shared.stalled }],
  ["partial-request", /said nothing/, stalls((_, text) => !text.endsWith("\n"))],
  ["abort", /said nothing/, { received: goneForAll }],
];

/** A server whose requests are called otherwise. */
function firstRelease(): Fault {
  const old = /"req":"stat_meta"/;
  return { reply: (line, right) => (old.test(line) ? value : right.startsWith('{"errno":0') ? refusal : right) };
}

/** Dictionaries in the order of their numbers. */
function swapped(): Fault {
  return changed("stats", /("10":\{[^}]*\}),("3":\{[^}]*\})/, "$2,$1");
}

/** Everybody is told what nobody was told yet, from the third on. */
function sharedBaseline(): Fault {
  let told = 0;
  return {
    reply: (line, right) => (line.includes('"delta"') && ++told > 2 ? right.replace('"moved":3', '"moved":0') : right),
  };
}

/** A server that waits for whoever doesn't read. */
function whileRead(_: string, right: string, { socket, shared }: Client): string {
  shared.stalled ||= socket.writableNeedDrain;
  return right;
}

/** A server that ends its work with any client that goes. */
function goneForAll({ socket, shared }: Client): boolean {
  socket.once("close", () => {
    shared.stalled = true;
  });
  return shared.stalled;
}

/** A server that does one thing after another, for all its clients: once it waits, it waits. */
function stalls(when: (...given: Parameters<NonNullable<Fault["received"]>>) => boolean): Fault {
  return {
    received: (at, text) => {
      if (at.shared.stalled) return true;
      at.shared.stalled = when(at, text);
      return at.shared.stalled;
    },
  };
}

describe("a server that breaks a rule is found out, with what was sent and received", () => {
  test.each(faults)("%s: %s", async (check, says, fault) => {
    const silent = says.source.includes("said nothing");
    const [result] = await results(await brokenServer(fault), [check], silent ? 1000 : undefined);
    expect(result).toMatchObject({ check, outcome: "failed", detail: expect.stringMatching(says) });
    expect(result?.said).toContainEqual({ connection: expect.any(Number), what: "sent", text: expect.any(String) });
  });

  test("every check can fail", () => {
    expect([...new Set(faults.map(([check]) => check))].sort()).toEqual(conformChecks.map(({ name }) => name).sort());
  });
});

describe("what can't be told is skipped, and says why", () => {
  test.each([
    ["own-baseline", /no field that is marked/, changed("stats_meta", /"_scx_kind":"counter"/g, '"_x":"y"')],
    ["reply-described", /can't be read: cluster.at.datum/, changed("stats_meta", '"datum":"u64"', '"datum":"U65"')],
    ["floats-written", /holds none/, changed("stats", /"resp":.*/, '"resp":{}}}')],
  ])("%s: %s", async (check, says, fault) => {
    const [result] = await results(await brokenServer(fault), [check]);
    expect(result).toMatchObject({ outcome: "skipped", detail: expect.stringMatching(says) });
  });
});

test("of a server of upstream's first release one finding says so, and the other rules aren't held against it", async () => {
  const [finding, ...others] = (await results(await brokenServer(firstRelease()))).sort((one) =>
    one.outcome === "failed" ? -1 : 0,
  );
  expect(finding?.check).toBe("request-names");
  expect(others).toHaveLength(conformChecks.length - 1);
  for (const { outcome, detail } of others)
    expect([outcome, detail]).toEqual(["skipped", expect.stringMatching(/first/)]);
});

test.each([1, 3])("a signal ends it at once, also while request %s of a server that is silent waits", async (last) => {
  const ending = new AbortController();
  let asked = 0;
  const path = await fakeServer((_, socket) => {
    if (++asked < last) socket.write(`${value}\n`);
    else ending.abort();
  });
  const found: unknown[] = [];
  for await (const one of conform(path, { timeoutMs: 1_000_000, signal: ending.signal })) found.push(one);
  expect(found).toEqual([]);
});

test("who doesn't let us in is held against nothing", async () => {
  const path = join(scratch(onTestFinished), "stats");
  await using _server = await StatsServer.listen({ path, allow: { users: [4100] }, targets: {} });
  await expect(results(path)).rejects.toMatchObject({ code: "ERR_SCX_PRIVILEGE", errno: 13 });
});

describe("scxkit conform", () => {
  test("a line a check, and 0 when all rules are kept", async () => {
    const { status, stdout, stderr } = await conformance((await soundServer()).path);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^ok {7}one-reply +a request gets one line back: /);
    expect(stdout).toMatch(new RegExp(`\\n\\n${conformChecks.length} passed, 0 failed, 0 skipped\\n$`));
  });

  test("65, and what was said, when one isn't", async () => {
    const path = await brokenServer(changed("stats", "1.0", "1"));
    const { status, stdout } = await conformance(path, "--check", "floats-written", "--check", "crlf");
    expect(status).toBe(65);
    expect(stdout).toContain("domains.3.load is a float, and written 1.\n");
    expect(stdout).toMatch(/ {2}1 sent {6}\{"req":"stats_meta","args":\{\}\}\\n\n/);
    expect(stdout).toMatch(/1 passed, 1 failed, 0 skipped\n$/);
    const json = await conformance(path, "--check", "floats-written", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      check: "floats-written",
      outcome: "failed",
      said: [{}, {}, {}, {}],
    });
  });

  test("the rules by name, without a server", async () => {
    const { status, stdout } = await conformance("--list");
    expect({ status, lines: stdout.trim().split("\n").length }).toEqual({ status: 0, lines: conformChecks.length });
  });

  test("nobody there: 69; a check that there isn't: 64", async () => {
    const path = join(scratch(onTestFinished), "nobody");
    expect(await conformance(path)).toMatchObject({ status: 69, stdout: "" });
    expect(await conformance(path, "--check", "x")).toMatchObject({
      status: 64,
      stderr: expect.stringContaining("one-reply"),
    });
  });
});
