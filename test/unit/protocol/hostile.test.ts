// SPDX-License-Identifier: MIT
import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { StatsServer } from "../../../src/protocol/server.js";
import { mutants } from "./mutant.js";
import { FakeSampler, RawPeer, scratch, stats } from "./peer.js";

const good = '{"errno":0,"args":{"resp":{"at":1,"depth":0,"local":0}}}';

async function serve(more: object = {}): Promise<StatsServer> {
  const path = join(scratch(onTestFinished), "stats");
  const server = await StatsServer.listen({ path, sampler: new FakeSampler(), ...more });
  onTestFinished(() => server.close());
  return server;
}

/** A big value, a count of how often it was asked for, and replies that come when the test lets them. */
function slowTarget() {
  const state = { asked: 0, release: [] as (() => void)[] };
  const read = () => {
    state.asked++;
    return new Promise<object>((resolve) => {
      state.release.push(() => resolve({ n: BigInt(state.asked) }));
    });
  };
  return { state, target: { open: () => ({ read }) } };
}

describe("lines", () => {
  test("of invalid UTF-8, blank, or nonsense are answered with 22, and the connection stays", async () => {
    const peer = await RawPeer.connect((await serve()).path);
    for (const bad of [Buffer.from([0xff, 0x0a]), "\n", "\r\n", "\0\n", "}{\n", `${"[".repeat(60_000)}\n`]) {
      expect(await peer.ask(bad)).toMatch(/^\{"errno":22,/);
      expect(await peer.ask(stats("top"))).toBe(good);
    }
  });

  test("mutated in all ways get a reply each, in order, and it is 22 or a right one", async () => {
    const peer = await RawPeer.connect(
      (await serve({ targets: { args: { open: () => ({ read: (of: ReadonlyMap<string, string>) => of }) } } })).path,
    );
    const source = mutants(12345);
    for (let batch = 0; batch < 10; batch++) {
      const lines = Array.from({ length: 500 }, () => source.next().value as Buffer);
      peer.socket.write(Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")])));
      for (const line of lines) {
        const reply = JSON.parse(await peer.line());
        if (reply.errno === 22) expect(reply.args.resp).toMatch(/^[^\n]+\n[^\n]+$/);
        else expect([reply.errno, isUtf8(line), typeof JSON.parse(line.toString())]).toEqual([0, true, "object"]);
      }
    }
    expect(await peer.ask(stats("top"))).toBe(good);
  });

  test("byte by byte, and many in one piece, in order", async () => {
    const peer = await RawPeer.connect((await serve()).path);
    for (const byte of Buffer.from(stats("top"))) peer.socket.write(Buffer.from([byte]));
    expect(await peer.line()).toBe(good);
    peer.socket.write(Array.from({ length: 500 }, (_, i) => `{"req":"no ${i}"}\n`).join(""));
    for (let i = 0; i < 500; i++) expect(JSON.parse(await peer.line()).args.resp).toContain(`"no ${i}"`);
  });

  test("at the limit are answered; over it, with or without a newline, refused and cut off", async () => {
    const server = await serve({ maxLine: 1000 });
    const request = '{"req":"stats"}';
    const peer = await RawPeer.connect(server.path);
    expect(await peer.ask(`${request.padEnd(1000)}\n`)).toBe(good);
    expect(await peer.ask(`${request.padEnd(1001)}\n${stats("top")}`)).toMatch(/^\{"errno":22,.*1000 bytes/);
    expect(await peer.line()).toBe("");
    const other = await RawPeer.connect(server.path);
    expect(await other.ask("x".repeat(300_000))).toMatch(/^\{"errno":22,.*1000 bytes/);
    expect(await other.line()).toBe("");
    other.socket.end();
    peer.socket.end();
    await expect.poll(() => server.connections).toBe(0);
  });

  test("a client that goes on after being refused is cut off at last", async () => {
    const server = await serve({ maxLine: 10 });
    const peer = await RawPeer.connect(server.path);
    expect(await peer.ask("x".repeat(11))).toMatch(/^\{"errno":22,/);
    expect(server.connections).toBe(1);
    await expect.poll(() => server.connections).toBe(0);
  });

  test("a last one without newline counts, when the client closes its side", async () => {
    const server = await serve();
    const peer = await RawPeer.connect(server.path);
    peer.socket.end(`${stats("top")}{"req":"stats"}`);
    expect([await peer.line(), await peer.line(), await peer.line()]).toEqual([good, good, ""]);
    await expect.poll(() => server.connections).toBe(0);
  });

  test("a client that says nothing and leaves", async () => {
    const server = await serve();
    const peer = await RawPeer.connect(server.path);
    await expect.poll(() => server.connections).toBe(1);
    peer.socket.end();
    expect(await peer.line()).toBe("");
    await expect.poll(() => server.connections).toBe(0);
  });
});

describe("backpressure", () => {
  test("one request of a connection is in flight at a time, the others wait in order", async () => {
    const { state, target } = slowTarget();
    const server = await serve({ targets: { slow: target } });
    const peer = await RawPeer.connect(server.path);
    peer.socket.end(stats("slow").repeat(3));
    for (let i = 1; i <= 3; i++) {
      await expect.poll(() => state.release.length).toBe(i);
      expect(state.asked).toBe(i);
      // The others aren't stuck behind this one.
      const other = await RawPeer.connect(server.path);
      expect(await other.ask(stats("top"))).toBe(good);
      expect(state.asked).toBe(i);
      state.release[i - 1]?.();
      expect(await peer.line()).toBe(`{"errno":0,"args":{"resp":{"n":${i}}}}`);
    }
    expect(await peer.line()).toBe("");
  });

  test("a client that sends without reading is not read from; it gets every reply once it reads", async () => {
    let asked = 0;
    const text = "x".repeat(5000);
    const read = () => ({ n: BigInt(++asked), text });
    const server = await serve({ targets: { big: { open: () => ({ read }) } } });
    const peer = await RawPeer.connect(server.path);
    peer.socket.pause();
    const count = 20_000;
    let sent = false;
    const all = new Promise<void>((resolve) => {
      peer.socket.write(stats("big").repeat(count), () => {
        sent = true;
        resolve();
      });
    });
    const other = await RawPeer.connect(server.path);
    // Settles when the kernel's buffers are full: some hundred kilobytes, not 100 MB.
    let before = -1;
    await expect
      .poll(
        async () => {
          const same = asked === before && asked > 0;
          before = asked;
          await other.ask(stats("top"));
          return same;
        },
        { interval: 50 },
      )
      .toBe(true);
    expect(asked).toBeLessThan(1000);
    // Nor are the requests kept in the server: they wait in the client.
    expect(sent).toBe(false);
    let seen = 0;
    peer.socket.removeAllListeners("data");
    const done = new Promise<void>((resolve) => {
      peer.socket.on("data", (chunk: Buffer) => {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) seen++;
        if (seen === count) resolve();
      });
    });
    peer.socket.resume();
    await Promise.all([all, done]);
    expect(asked).toBe(count);
  }, 60_000);
});

describe("clients that vanish", () => {
  test("with requests unanswered and replies unread", async () => {
    const server = await serve({ targets: { big: { open: () => ({ read: () => ({ text: "x".repeat(100_000) }) }) } } });
    for (let i = 0; i < 20; i++) {
      const peer = await RawPeer.connect(server.path);
      peer.socket.write(stats("big").repeat(200));
      if (i % 2 === 0) await peer.line();
      else await expect.poll(() => server.connections).toBeGreaterThan(0);
      peer.socket.destroy();
    }
    await expect.poll(() => server.connections).toBe(0);
    expect(await (await RawPeer.connect(server.path)).ask(stats("top"))).toBe(good);
  });

  test("while the reply is being made", async () => {
    const { state, target } = slowTarget();
    const server = await serve({ targets: { slow: target } });
    const peer = await RawPeer.connect(server.path);
    peer.socket.write(stats("slow"));
    await expect.poll(() => state.asked).toBe(1);
    peer.socket.destroy();
    // Up to the reply nothing tells it from a client that closed only its own side.
    state.release[0]?.();
    await expect.poll(() => server.connections).toBe(0);
    expect(await (await RawPeer.connect(server.path)).ask(stats("top"))).toBe(good);
  });
});

test("closing cuts every connection, also one that waits for a reply that never comes", async () => {
  const { state, target } = slowTarget();
  const server = await serve({ targets: { slow: target } });
  const [idle, waiting] = [await RawPeer.connect(server.path), await RawPeer.connect(server.path)];
  waiting.socket.write(stats("slow"));
  await expect.poll(() => state.asked).toBe(1);
  const closing = server.close();
  expect(server.close()).toBe(closing);
  await closing;
  await Promise.all([idle.end(), waiting.end()]);
  expect(server.connections).toBe(0);
});
