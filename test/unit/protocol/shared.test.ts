// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { declaredTarget } from "../../../src/protocol/declared.js";
import { StatsServer, type StatsServerOptions } from "../../../src/protocol/server.js";
import { EncodedReply, sharedTarget, type Target } from "../../../src/protocol/target.js";
import { defineStats } from "../../../src/stats/define.js";
import * as stat from "../../../src/stats/stat.js";
import { clusterTarget, FakeSampler, RawPeer, scratch, stats } from "./peer.js";

async function serve(options: Omit<StatsServerOptions, "path">): Promise<StatsServer> {
  const server = await StatsServer.listen({ path: join(scratch(onTestFinished), "stats"), ...options });
  onTestFinished(() => server.close());
  return server;
}

const resp = (line: string) => JSON.parse(line).args.resp;

describe("a shared target", () => {
  test("is read once an interval, however many ask; what is sent are the same bytes", async () => {
    let read = 0;
    const lines = new Set<Buffer>();
    const inner = sharedTarget(() => ({ n: BigInt(++read) }), { intervalMs: 3_600_000 });
    const watched: Target = {
      open: async (session) => {
        const handler = await inner.open(session);
        return {
          read: async (args) => {
            const reply = await handler.read(args);
            if (reply instanceof EncodedReply) lines.add(reply.line);
            return reply;
          },
        };
      },
    };
    const server = await serve({ targets: { top: watched } });
    for (let i = 0; i < 3; i++) {
      const peer = await RawPeer.connect(server.path);
      for (let j = 0; j < 3; j++) expect(resp(await peer.ask(stats("top")))).toEqual({ n: 1 });
    }
    expect([read, lines.size]).toEqual([1, 1]);
  });

  test("is read again when the interval is over", async () => {
    let read = 0;
    const server = await serve({ targets: { top: sharedTarget(() => ({ n: BigInt(++read) }), { intervalMs: 20 }) } });
    const peer = await RawPeer.connect(server.path);
    expect(resp(await peer.ask(stats("top")))).toEqual({ n: 1 });
    await expect.poll(async () => resp(await peer.ask(stats("top"))).n).toBeGreaterThan(2);
  });

  test("one that takes its time is read once for all who wait; a failure is told them all, and not kept", async () => {
    const waiting: { resolve(value: object): void; reject(error: Error): void }[] = [];
    const read = () => new Promise<object>((resolve, reject) => waiting.push({ resolve, reject }));
    const server = await serve({ targets: { top: sharedTarget(read, { intervalMs: 3_600_000 }) } });
    const [one, two] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    const both = () => Promise.all([one.ask(stats("top")), two.ask(stats("top"))]);
    const failing = both();
    await expect.poll(() => waiting.length).toBe(1);
    // The second one's request has come too once a third's answer is there.
    await (await RawPeer.connect(server.path)).ask("\n");
    waiting[0]?.reject(new Error("not now"));
    for (const line of await failing) expect(line).toBe('{"errno":22,"args":{"resp":"not now"}}');
    const succeeding = both();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.resolve({ n: 1n });
    for (const line of await succeeding) expect(resp(line)).toEqual({ n: 1 });
    expect(waiting.length).toBe(2);
  });

  test("of declared values: checked, described, and read without a client", async () => {
    const load = defineStats("load", { now: stat.float("load"), samples: stat.counter() });
    let samples = 0n;
    const target = declaredTarget(load, () => ({ now: 0.5, samples: ++samples }), { intervalMs: 3_600_000 });
    const server = await serve({ targets: { load: target } });
    const peer = await RawPeer.connect(server.path);
    for (let i = 0; i < 2; i++) {
      expect(await peer.ask('{"req":"stats","args":{"target":"load","cpu":"1"}}\n')).toBe(
        '{"errno":0,"args":{"resp":{"now":0.5,"samples":1}}}',
      );
    }
    expect(Object.keys(resp(await peer.ask('{"req":"stats_meta"}\n')))).toEqual(["load"]);
    const wrong = await serve({
      targets: { load: declaredTarget(load, () => ({ now: Number.NaN, samples: 1n }), { intervalMs: 1 }) },
    });
    expect(await (await RawPeer.connect(wrong.path)).ask(stats("load"))).toMatch(/^\{"errno":22,.*now/);
  });
});

describe("targets that come and go while the server runs", () => {
  const struct = (name: string, refersTo?: string): Target => ({
    ...clusterTarget(),
    meta: [{ name, fields: new Map([["a", { datum: refersTo === undefined ? "u64" : { struct: refersTo } }]]) }],
  });
  const structs = async (peer: RawPeer) => Object.keys(resp(await peer.ask('{"req":"stats_meta"}\n')));

  test("one that comes is there at once, for connections that are open too, and described", async () => {
    const server = await serve({ sampler: new FakeSampler() });
    const peer = await RawPeer.connect(server.path);
    expect(await peer.ask(stats("late"))).toMatch(/^\{"errno":22,.*top, delta/);
    expect(await structs(peer)).toEqual(["simple_stats"]);
    server.addTarget("late", struct("late"));
    expect(resp(await peer.ask(stats("late"))).at).toBe(12345);
    expect(await structs(peer)).toEqual(["late", "simple_stats"]);
  });

  test("a name that is taken, and metadata that contradicts the others: nothing changes", async () => {
    const server = await serve({ sampler: new FakeSampler() });
    const peer = await RawPeer.connect(server.path);
    expect(() => server.addTarget("top", struct("x"))).toThrow(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
    for (const wrong of [struct("a", "unknown"), struct("a", "a"), struct("simple_stats")])
      expect(() => server.addTarget("wrong", wrong)).toThrow(expect.objectContaining({ code: "ERR_SCX_STATS_META" }));
    expect(await structs(peer)).toEqual(["simple_stats"]);
    expect(await peer.ask(stats("wrong"))).toMatch(/^\{"errno":22,/);
  });

  test("one that goes is no longer there, its handlers are closed; one of the same name is another", async () => {
    let closed = 0;
    const first: Target = { open: () => ({ read: () => "first", close: () => void closed++ }) };
    const server = await serve({ sampler: new FakeSampler(), targets: { first, other: struct("other") } });
    const peer = await RawPeer.connect(server.path);
    expect(resp(await peer.ask(stats("first")))).toBe("first");
    await RawPeer.connect(server.path); // has no handler
    expect(await server.removeTarget("first")).toBe(true);
    expect(closed).toBe(1);
    expect(await server.removeTarget("first")).toBe(false);
    expect(await peer.ask(stats("first"))).toMatch(/^\{"errno":22,/);
    server.addTarget("first", { open: () => ({ read: () => "second" }) });
    expect(resp(await peer.ask(stats("first")))).toBe("second");
    await server.removeTarget("other");
    expect(await structs(peer)).toEqual(["simple_stats"]);
  });

  test("one that goes while it opens is closed, and its client told", async () => {
    let opened: (handler: { read(): object; close(): void }) => void = () => {};
    let closed = false;
    const slow: Target = { open: () => new Promise((resolve) => (opened = resolve)) };
    const server = await serve({ targets: { slow } });
    const peer = await RawPeer.connect(server.path);
    const reply = peer.ask(stats("slow"));
    await (await RawPeer.connect(server.path)).ask("\n");
    await server.removeTarget("slow");
    opened({ read: () => ({}), close: () => (closed = true) });
    expect(await reply).toMatch(/^\{"errno":22,.*slow/);
    expect(closed).toBe(true);
  });
});
