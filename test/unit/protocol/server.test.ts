// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ScxError } from "../../../src/error.js";
import { StatsServer, type StatsServerOptions } from "../../../src/protocol/server.js";
import { EncodedReply, type Session, type Target } from "../../../src/protocol/target.js";
import { clusterTarget, FakeSampler, RawPeer, scratch, stats } from "./peer.js";

async function serve(options: Omit<StatsServerOptions, "path">): Promise<StatsServer> {
  const server = await StatsServer.listen({ path: join(scratch(onTestFinished), "stats"), ...options });
  onTestFinished(() => server.close());
  return server;
}

const errnoOf = (line: string): number => JSON.parse(line).errno;
const textOf = (line: string): string => JSON.parse(line).args.resp;
const target = (read: () => object): Target => ({ open: () => ({ read }) });

test("upstream's transcript: replies byte for byte, errors with the same errno, all on one connection", async () => {
  const server = await serve({ targets: { top: clusterTarget() } });
  const peer = await RawPeer.connect(server.path);
  const lines = readFileSync(new URL("../../golden/upstream-example-server.jsonl", import.meta.url), "utf8");
  const exchanges: { sent: string; received: string }[] = lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(exchanges.length).toBe(14);
  for (const { sent, received } of exchanges) {
    const reply = `${await peer.ask(sent)}\n`;
    if (errnoOf(received) === 0) expect(reply).toBe(received);
    else expect({ sent, errno: errnoOf(reply) }).toEqual({ sent, errno: errnoOf(received) });
  }
});

describe("a sampler's targets", () => {
  test("top is the totals, described by stats_meta", async () => {
    const sampler = new FakeSampler();
    const server = await serve({ sampler });
    const peer = await RawPeer.connect(server.path);
    Object.assign(sampler, { local: 2n ** 64n - 1n, depth: -3n, at: 1763629200000000000n });
    const reply = '{"errno":0,"args":{"resp":{"at":1763629200000000000,"depth":-3,"local":18446744073709551615}}}';
    expect(await peer.ask('{"req":"stats"}\n')).toBe(reply);
    expect(await peer.ask(stats("top"))).toBe(reply);
    const meta = JSON.parse(await peer.ask('{"req":"stats_meta"}\n')).args.resp;
    expect(Object.keys(meta)).toEqual(["simple_stats"]);
    expect(meta.simple_stats.top).toBe("true");
    expect(meta.simple_stats.fields.local).toEqual({
      datum: "u64",
      desc: "an event counter",
      user: { _scx_kind: "counter" },
    });
  });

  test("delta has a baseline for each connection; top disturbs none", async () => {
    const sampler = new FakeSampler();
    const server = await serve({ sampler });
    const [one, two] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    const local = async (peer: RawPeer, name: string) => JSON.parse(await peer.ask(stats(name))).args.resp.local;
    sampler.local = 10n;
    expect(await local(one, "delta")).toBe(10);
    sampler.local = 15n;
    expect(await local(one, "top")).toBe(15);
    expect(await local(two, "delta")).toBe(15);
    expect(await local(one, "delta")).toBe(5);
    expect(await local(two, "delta")).toBe(0);
    expect(sampler.open).toBe(2);
    one.socket.destroy();
    await expect.poll(() => sampler.open).toBe(1);
    await server.close();
    expect(sampler.open).toBe(0);
  });

  test("top is serialised once for a reading, anew for the next", async () => {
    const sampler = new FakeSampler();
    let made = 0;
    const top = sampler.totals();
    Object.defineProperty(top.stats, "local", {
      enumerable: true,
      get: () => {
        made++;
        return { total: sampler.local, delta: 0n };
      },
    });
    const server = await serve({ sampler });
    const peers = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    const replies = new Set<string>();
    for (const peer of [...peers, ...peers]) replies.add(await peer.ask(stats("top")));
    expect([replies.size, made]).toEqual([1, 1]);
    Object.assign(sampler, { at: 2n, local: 7n });
    expect(JSON.parse((await peers[0]?.ask(stats("top"))) ?? "").args.resp).toEqual({ at: 2, local: 7, depth: 0 });
  });

  test("a value that is missing, or out of its type, is an error and no reply with a hole", async () => {
    const sampler = new FakeSampler();
    const server = await serve({ sampler });
    const peer = await RawPeer.connect(server.path);
    sampler.local = 2n ** 64n;
    expect(await peer.ask(stats("top"))).toMatch(/^\{"errno":22,.*local/);
    Object.assign(sampler, { local: 0n, depth: 2n ** 63n });
    expect(await peer.ask(stats("delta"))).toMatch(/^\{"errno":22,.*depth/);
    sampler.depth = -(2n ** 63n);
    expect(await peer.ask(stats("delta"))).toBe(
      '{"errno":0,"args":{"resp":{"at":1,"depth":-9223372036854775808,"local":0}}}',
    );
  });
});

describe("handlers", () => {
  test("one is opened for each connection and target, on the first request, and closed with the connection", async () => {
    const events: string[] = [];
    const watched = (name: string): Target => ({
      open: ({ id }: Session) => {
        events.push(`open ${name} ${id}`);
        return { read: (args) => Object.fromEntries(args), close: () => void events.push(`close ${name} ${id}`) };
      },
    });
    const server = await serve({
      targets: new Map([
        ["a", watched("a")],
        ["b", watched("b")],
      ]),
    });
    const [one, two] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    expect(await one.ask('{"req":"stats","args":{"target":"a","x":"1"}}\n')).toBe(
      '{"errno":0,"args":{"resp":{"target":"a","x":"1"}}}',
    );
    await one.ask(stats("a"));
    await one.ask(stats("b"));
    await two.ask(stats("a"));
    expect(events).toEqual(["open a 1", "open b 1", "open a 2"]);
    one.socket.end();
    await one.end();
    await expect.poll(() => events.slice(3).sort()).toEqual(["close a 1", "close b 1"]);
    await server.close();
    expect(events.slice(5)).toEqual(["close a 2"]);
  });

  test("what they throw is the client's error; the connection stays", async () => {
    const fail = (error: unknown) =>
      target(() => {
        throw error;
      });
    const scx = { op: "x", message: "Gone.", remedy: "Wait." };
    const server = await serve({
      targets: {
        enoent: fail(new ScxError("ERR_SCX_CLOSED", { ...scx, errno: 2 })),
        plain: fail(new ScxError("ERR_SCX_CLOSED", scx)),
        zero: fail(new ScxError("ERR_SCX_CLOSED", { ...scx, errno: 0 })),
        error: fail(new TypeError("oops \ud800")),
        text: fail("just text"),
        nothing: fail(undefined),
        late: { open: async () => ({ read: async () => Promise.reject(new Error("late")) }) },
        opening: { open: () => Promise.reject(new Error("can't open")) },
        nan: target(() => ({ load: Number.NaN })),
        ok: target(() => ({ fine: true })),
      },
    });
    const peer = await RawPeer.connect(server.path);
    const answers = async (name: string) => {
      const line = await peer.ask(stats(name));
      return [errnoOf(line), textOf(line)];
    };
    expect(await answers("enoent")).toEqual([2, "Gone.\nWait."]);
    expect(await answers("plain")).toEqual([22, "Gone.\nWait."]);
    expect(await answers("zero")).toEqual([22, "Gone.\nWait."]);
    expect(await answers("error")).toEqual([22, "oops \ufffd"]);
    expect(await answers("text")).toEqual([22, "just text"]);
    expect((await answers("nothing"))[0]).toBe(22);
    expect(await answers("late")).toEqual([22, "late"]);
    expect(await answers("opening")).toEqual([22, "can't open"]);
    expect((await answers("nan"))[1]).toMatch(/load is NaN/);
    expect((await answers("nope"))[1]).toMatch(/"nope".*\n.*enoent, plain/);
    expect((await answers("__proto__"))[0]).toBe(22);
    expect((await answers("constructor"))[0]).toBe(22);
    expect(await answers("ok")).toEqual([0, { fine: true }]);
  });

  test("one that opens while its connection is cut is closed", async () => {
    let opened: (handler: { read(): object; close(): void }) => void = () => {};
    let session: Session | undefined;
    const slow: Target = {
      open: (from) => {
        session = from;
        return new Promise((resolve) => {
          opened = resolve;
        });
      },
    };
    const server = await serve({ targets: { slow } });
    const peer = await RawPeer.connect(server.path);
    peer.socket.write(stats("slow"));
    await expect.poll(() => session).toBeDefined();
    await server.close();
    expect(session?.signal.aborted).toBe(true);
    await new Promise<void>((resolve) => opened({ read: () => ({}), close: resolve }));
  });

  test("an encoded reply is sent as it is", async () => {
    const reply = new EncodedReply({ a: 1n });
    const server = await serve({ targets: { top: target(() => reply) } });
    const peer = await RawPeer.connect(server.path);
    expect(await peer.ask(stats("top"))).toBe('{"errno":0,"args":{"resp":{"a":1}}}');
  });
});

test("a target the sampler gives already; metadata that contradicts itself", async () => {
  const path = join(scratch(onTestFinished), "folder", "stats");
  const sampler = new FakeSampler();
  await expect(StatsServer.listen({ path, sampler, targets: { top: clusterTarget() } })).rejects.toMatchObject({
    code: "ERR_SCX_USAGE",
  });
  const unknown = { name: "A", fields: new Map([["b", { datum: { struct: "B" } }]]) };
  const targets = { a: { ...clusterTarget(), meta: [unknown] } };
  await expect(StatsServer.listen({ path, targets })).rejects.toMatchObject({ code: "ERR_SCX_STATS_META" });
});

test("a server that has its answers from elsewhere: any request, whole lines as they are, errors as ever", async () => {
  const line = Buffer.from('{"errno":13,"args":{"resp":"as it came"} }\n');
  const server = await serve({
    answer: ({ req, args }, session) => {
      if (req === "fail") throw new ScxError("ERR_SCX_WIRE", { op: "x", message: "no", remedy: "no", errno: 107 });
      return req === "line" ? new EncodedReply(line) : { req, args, id: BigInt(session.id) };
    },
  });
  const peer = await RawPeer.connect(server.path);
  expect(await peer.ask('{"req":"stat","args":{"a":"1"}}\n')).toBe(
    '{"errno":0,"args":{"resp":{"args":{"a":"1"},"id":1,"req":"stat"}}}',
  );
  expect(`${await peer.ask('{"req":"line"}\n')}\n`).toBe(line.toString());
  expect(errnoOf(await peer.ask('{"req":"fail"}\n'))).toBe(107);
  expect(errnoOf(await peer.ask("nope\n"))).toBe(22);
});
