// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { StatsServer, type StatsServerOptions } from "../../../src/protocol/server.js";
import type { Session, Target } from "../../../src/protocol/target.js";
import { FakeSampler, RawPeer, scratch, stats } from "./peer.js";

const good = '{"errno":0,"args":{"resp":{"at":1,"depth":0,"local":0}}}';

async function serve(more: Partial<StatsServerOptions>): Promise<StatsServer> {
  const path = join(scratch(onTestFinished), "stats");
  const server = await StatsServer.listen({ path, sampler: new FakeSampler(), ...more });
  onTestFinished(() => server.close());
  return server;
}

describe("as many connections as allowed", () => {
  test("one more is told so, at once or when it asks, and closed; when one leaves there is room", async () => {
    const server = await serve({ maxConnections: 2 });
    const [one, two] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    expect(await one.ask(stats("top"))).toBe(good);
    expect(await two.ask(stats("top"))).toBe(good);
    const silent = await RawPeer.connect(server.path);
    expect(await silent.line()).toMatch(/^\{"errno":11,.*All 2 connections/);
    expect(await silent.line()).toBe("");
    const asking = await RawPeer.connect(server.path);
    expect(await asking.ask(stats("top"))).toMatch(/^\{"errno":11,/);
    expect(server.connections).toBe(2);
    one.socket.destroy();
    await expect.poll(() => server.connections).toBe(1);
    // Those two that were refused may still be lingering: they take nobody's place.
    expect(await (await RawPeer.connect(server.path)).ask(stats("top"))).toBe(good);
    expect(await two.ask(stats("top"))).toBe(good);
  });

  test("hundreds that are refused and stay are cut off", async () => {
    const server = await serve({ maxConnections: 1 });
    await (await RawPeer.connect(server.path)).ask(stats("top"));
    const refused = await Promise.all(Array.from({ length: 200 }, () => RawPeer.connect(server.path)));
    const said = await Promise.all(refused.map((peer) => peer.line()));
    const told = said.filter((line) => line.startsWith('{"errno":11,'));
    // A few more, where it took us so long that the first ones' time was over.
    expect(told.length).toBeGreaterThanOrEqual(64);
    expect(said.filter((line) => line === "").length).toBe(200 - told.length);
    expect(told.length).toBeLessThan(200);
    expect(server.connections).toBe(1);
  });
});

describe("time", () => {
  test("a client that asks nothing is closed; one that asks now and then isn't", async () => {
    const server = await serve({ idleTimeoutMs: 300 });
    const [idle, busy] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    let asked = 0;
    while (!idle.ended) {
      expect(await busy.ask(stats("top"))).toBe(good);
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(asked).toBeGreaterThan(1);
    expect(await busy.ask(stats("top"))).toBe(good);
    expect(await idle.line()).toBe("");
    await expect.poll(() => server.connections).toBe(0);
  });

  test("a line that doesn't end is refused with 110, also one that comes byte by byte", async () => {
    const server = await serve({ requestTimeoutMs: 200 });
    const [half, slow, idle] = await Promise.all([1, 2, 3].map(() => RawPeer.connect(server.path)));
    half?.socket.write('{"req"');
    expect(await half?.line()).toMatch(/^\{"errno":110,/);
    expect(await half?.line()).toBe("");
    const dribble = setInterval(() => slow?.socket.write(" "), 10);
    onTestFinished(() => clearInterval(dribble));
    expect(await slow?.line()).toMatch(/^\{"errno":110,/);
    expect(await slow?.line()).toBe("");
    // Each line has the time for itself: whole ones in between start it anew.
    for (let i = 0; i < 4; i++) {
      idle?.socket.write(`${stats("top")}{"req":`);
      expect(await idle?.line()).toBe(good);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await idle?.ask('"stats"}\n')).toBe(good);
    }
  });

  test("a client that never reads is cut, and the others notice nothing", async () => {
    const big: Target = { open: () => ({ read: () => "x".repeat(100_000) }) };
    const server = await serve({ replyTimeoutMs: 300, targets: { big } });
    const peer = await RawPeer.connect(server.path);
    peer.socket.pause();
    peer.socket.write(stats("big").repeat(1000));
    const other = await RawPeer.connect(server.path);
    await expect.poll(async () => [await other.ask(stats("top")), server.connections]).toEqual([good, 1]);
  });

  test("a handler may take longer than any of them", async () => {
    let release: (value: object) => void = () => {};
    const late: Target = { open: () => ({ read: () => new Promise<object>((resolve) => (release = resolve)) }) };
    const server = await serve({
      idleTimeoutMs: 100,
      replyTimeoutMs: 100,
      requestTimeoutMs: 100,
      targets: { slow: late },
    });
    const [peer, idle] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
    peer.socket.write(stats("slow"));
    await idle.end();
    release({});
    expect(await peer.line()).toBe('{"errno":0,"args":{"resp":{}}}');
  });

  test("limits that are none", async () => {
    for (const wrong of [{ maxConnections: 0 }, { maxPerUser: 0 }, { idleTimeoutMs: -1 }, { maxLine: Number.NaN }])
      await expect(serve(wrong)).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    const server = await serve({ idleTimeoutMs: Infinity, requestTimeoutMs: Infinity, replyTimeoutMs: Infinity });
    expect(await (await RawPeer.connect(server.path)).ask(stats("top"))).toBe(good);
  });
});

/** Asks as another user, with these groups; gives the reply line, or how connecting failed. */
async function askAs(path: string, uid: number, gid: number, groups: number[]): Promise<string> {
  const script = `process.setgroups(${JSON.stringify(groups)}); process.setgid(${gid}); process.setuid(${uid});
    const socket = require("node:net").connect(${JSON.stringify(path)}, () => socket.write('{"req":"stats"}\\n'));
    socket.on("error", (error) => console.log(error.code)).once("data", (line) => { process.stdout.write(line); socket.end(); });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout) said += chunk;
  return said.trim();
}

/** Asks on several connections, one after the other, as another user, and keeps them until it is ended. */
function holdAs(path: string, uid: number, connections: number): { line(): Promise<string>; end(): void } {
  const script = `process.setgroups([]); process.setgid(4000); process.setuid(${uid});
    const next = (left) => left > 0 && require("node:net").connect(${JSON.stringify(path)}, function () {
      this.write('{"req":"stats"}\\n');
    }).once("data", (line) => { process.stdout.write(line); next(left - 1); }).on("error", () => {});
    next(${connections});`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { line: async () => (await lines.next()).value as string, end: () => void child.kill("SIGKILL") };
}

describe("who may", () => {
  const nobody = () => Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));
  const root = process.getuid?.() === 0;

  test("handlers know who asks", async () => {
    const who: Target = {
      open: ({ peer: { pid, uid, gid, groups } }: Session) => ({
        read: () => [pid, uid, gid, ...groups].map(BigInt),
      }),
    };
    const server = await serve({ targets: { who } });
    const peer = await RawPeer.connect(server.path);
    const groups = /^Groups:(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]?.match(/\d+/g) ?? [];
    expect(JSON.parse(await peer.ask(stats("who"))).args.resp).toEqual([
      process.pid,
      process.geteuid?.(),
      process.getegid?.(),
      ...groups.map(Number),
    ]);
  });

  test("users and groups by name and number, supplementary groups too; nobody else, who gets errno 13 and the end", async ({
    skip,
  }) => {
    skip(!root, "it takes root to become others");
    const path = join(scratch(onTestFinished), "stats");
    execFileSync("chmod", ["755", join(path, "..")]);
    const allow = { users: ["nobody", 4001], groups: ["daemon", 4100] };
    const server = await serve({ path, mode: 0o666, allow });
    const daemon = Number(execFileSync("getent", ["group", "daemon"], { encoding: "utf8" }).split(":")[2]);
    const cases: [uid: number, gid: number, groups: number[], errno: number][] = [
      [nobody(), 4000, [], 0],
      [4001, 4000, [], 0],
      [4002, 4000, [], 13],
      [4002, 4100, [], 0],
      [4002, 4000, [4005, daemon], 0],
      [4002, 4000, Array.from({ length: 40 }, (_, i) => 5000 + i), 13],
      [4002, 4000, Array.from({ length: 40 }, (_, i) => (i === 39 ? 4100 : 5000 + i)), 0],
    ];
    for (const [uid, gid, groups, errno] of cases) {
      const said = JSON.parse(await askAs(server.path, uid, gid, groups));
      expect([uid, gid, groups.length, said.errno]).toEqual([uid, gid, groups.length, errno]);
    }
    // Nor root, who isn't listed.
    const peer = await RawPeer.connect(server.path);
    expect(await peer.line()).toMatch(/^\{"errno":13,.*User 0/);
    expect(await peer.line()).toBe("");
    expect(server.connections).toBe(0);
  });

  test("one user leaves room for others, until it leaves; root may have all", async ({ skip }) => {
    skip(!root, "it takes root to become others");
    const path = join(scratch(onTestFinished), "stats");
    execFileSync("chmod", ["755", join(path, "..")]);
    const server = await serve({ path, mode: 0o666, maxConnections: 4 });
    const holder = holdAs(server.path, 4001, 4);
    const replies = [await holder.line(), await holder.line(), await holder.line(), await holder.line()];
    expect(replies.slice(0, 3)).toEqual([good, good, good]);
    expect(replies[3]).toMatch(/^\{"errno":11,.*User 4001 has all 3 connections/);
    expect(await askAs(server.path, 4002, 4000, [])).toBe(good);
    expect(await (await RawPeer.connect(server.path)).ask(stats("top"))).toBe(good);
    expect(await askAs(server.path, 4002, 4000, [])).toMatch(/"errno":11,.*All 4 connections/);
    holder.end();
    await expect.poll(() => server.connections).toBe(1);
    expect(await askAs(server.path, 4001, 4000, [])).toBe(good);
    const peers = await Promise.all([1, 2, 3].map(() => RawPeer.connect(server.path)));
    for (const peer of peers) expect(await peer.ask(stats("top"))).toBe(good);
  });

  test("the socket's owner and group, and through its mode who can connect at all", async ({ skip }) => {
    skip(!root, "it takes root to give files away");
    const path = join(scratch(onTestFinished), "stats");
    execFileSync("chmod", ["755", join(path, "..")]);
    const server = await serve({ path, owner: "nobody", group: 4100 });
    const { uid, gid, mode } = lstatSync(server.path);
    expect([uid, gid, mode & 0o7777]).toEqual([nobody(), 4100, 0o660]);
    expect(await askAs(server.path, 4001, 4100, [])).toBe(good);
    expect(await askAs(server.path, 4001, 4000, [])).toBe("EACCES");
  });

  test("users and groups that there aren't", async () => {
    for (const wrong of [
      { owner: "no-such-user" },
      { group: "no-such-group" },
      { allow: { users: ["-x"] } },
      { allow: { groups: [-1] } },
      { owner: 2 ** 32 - 1 },
    ])
      await expect(serve(wrong)).rejects.toMatchObject({ code: "ERR_SCX_USAGE", op: "resolve" });
  });

  test("an owner that we may not give it to: the error says so, and no socket stays", async ({ skip }) => {
    skip(!root, "it takes root to become somebody else");
    const folder = scratch(onTestFinished);
    execFileSync("chmod", ["777", folder]);
    process.seteuid?.(65534);
    try {
      await expect(serve({ path: join(folder, "stats"), owner: 0 })).rejects.toMatchObject({
        code: "ERR_SCX_SOCKET_PATH",
        errno: 1,
        message: expect.stringMatching(/can't be given its owner.*not permitted\.\nRun as root/),
      });
    } finally {
      process.seteuid?.(0);
    }
    expect(execFileSync("ls", ["-A", folder], { encoding: "utf8" })).toBe("");
  });
});
