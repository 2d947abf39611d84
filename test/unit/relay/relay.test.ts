// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { StatsClient } from "../../../src/protocol/client.js";
import { StatsServer, type StatsServerOptions } from "../../../src/protocol/server.js";
import {
  type Exchange,
  Recorder,
  readRecording,
  readRecordingLine,
  recordingLine,
} from "../../../src/relay/recording.js";
import { type RelayOptions, StatsRelay } from "../../../src/relay/relay.js";
import { clusterTarget, FakeSampler, fakeServer, RawPeer, scratch } from "../protocol/peer.js";

let upstream: string;
let path: string;
beforeEach(() => {
  const folder = scratch(onTestFinished);
  upstream = join(folder, "upstream");
  path = join(folder, "relay");
});

async function serve(options: Omit<StatsServerOptions, "path">): Promise<StatsServer> {
  const server = await StatsServer.listen({ path: upstream, ...options });
  onTestFinished(() => server.close());
  return server;
}

async function relayed(options: Partial<RelayOptions> = {}): Promise<StatsRelay> {
  const relay = await StatsRelay.start({ upstream, path, ...options });
  onTestFinished(() => relay.close());
  return relay;
}

/** Longer than any test. */
const long = 1_000_000;
const stats = '{"req":"stats","args":{}}\n';

describe("what clients are told", () => {
  test("the same bytes as the server sent, of whatever request: values, metadata, errors", async () => {
    await serve({ targets: { top: clusterTarget() } });
    await relayed();
    const [theirs, ours] = [await RawPeer.connect(upstream), await RawPeer.connect(path)];
    for (const line of [
      stats,
      '{"req":"stats_meta"}\n',
      '{"req":"stats","args":{"target":"nope"}}\n',
      '{"req":"stat"}\n',
    ])
      expect(await ours.ask(line)).toBe(await theirs.ask(line));
  });

  test("bytes that no server of ours would write", async () => {
    const odd = '{ "args":{"resp":{"b":1.50,"a":[1, 2],"\\u0041":null}}, "errno":0}';
    upstream = await fakeServer((_, socket) => socket.write(`${odd}\r\n`));
    await relayed();
    expect(await (await RawPeer.connect(path)).ask(stats)).toBe(`${odd}\r`);
  });

  test("within an interval the server is asked once, however many ask; its baseline is the relay's", async () => {
    const sampler = new FakeSampler();
    sampler.local = 5n;
    const server = await serve({ sampler });
    await relayed({ intervalMs: long });
    const clients = await Promise.all(Array.from({ length: 20 }, () => StatsClient.connect(path)));
    onTestFinished(() => void Promise.all(clients.map((client) => client.close())));
    const deltas = await Promise.all(clients.map((client) => client.stats({ target: "delta" })));
    sampler.local = 9n;
    deltas.push(...(await Promise.all(clients.map((client) => client.stats({ target: "delta" })))));
    expect(deltas).toEqual(Array.from({ length: 40 }, () => expect.objectContaining({ local: 5n })));
    expect(server.connections).toBe(1);
    expect(sampler.open).toBe(1);
    // Another request is another matter.
    expect(await clients[0]?.stats({ target: "delta", args: { x: "1" } })).toMatchObject({ local: 4n });
    // But not one whose arguments come in another order.
    const [ab, ba] = [
      { a: "1", b: "2" },
      { b: "2", a: "1" },
    ];
    sampler.local = 10n;
    expect(await clients[0]?.stats({ target: "delta", args: ab })).toMatchObject({ local: 1n });
    expect(await clients[0]?.stats({ target: "delta", args: ba })).toMatchObject({ local: 1n });
  });

  test("in the next interval it is asked again", async () => {
    const sampler = new FakeSampler();
    await serve({ sampler });
    await relayed({ intervalMs: 1 });
    await using client = await StatsClient.connect(path);
    for (const local of [3n, 5n]) {
      Object.assign(sampler, { local, at: sampler.at + 1n });
      await expect.poll(() => client.stats()).toMatchObject({ local });
    }
  });

  test("a thousand different requests are answered, each with its own reply", async () => {
    await serve({ answer: ({ args }) => ({ n: args.get("n") ?? "" }) });
    await relayed({ intervalMs: long });
    await using client = await StatsClient.connect(path, { pipeline: 64 });
    const replies = await Promise.all(Array.from({ length: 1000 }, (_, n) => client.stats({ args: { n: `${n}` } })));
    expect(replies).toEqual(Array.from({ length: 1000 }, (_, n) => ({ n: `${n}` })));
  });
});

describe("a server that is away", () => {
  test("clients are told so with errno 107, and served as soon as it comes", async () => {
    const relay = await relayed({ intervalMs: 1 });
    await using client = await StatsClient.connect(path);
    await expect(client.stats()).rejects.toMatchObject({
      errno: 107,
      message: expect.stringMatching(/The scheduler behind this relay is away: There is no /),
    });
    let server = await serve({ sampler: new FakeSampler() });
    const answers = async () => (await client.stats().catch(() => ({}))) as object;
    await expect.poll(answers).toHaveProperty("local");
    await server.close();
    await expect.poll(() => client.stats().catch(({ errno }) => errno)).toBe(107);
    server = await serve({ sampler: new FakeSampler() });
    await expect.poll(answers).toHaveProperty("local");
    expect(relay.connections).toBe(1);
  });

  test("one that was there all the time, but for a moment between two requests, isn't missed", async () => {
    let server = await serve({ sampler: new FakeSampler() });
    await relayed({ intervalMs: 1 });
    await using client = await StatsClient.connect(path);
    await client.stats();
    await server.close();
    server = await serve({ sampler: new FakeSampler() });
    expect(await client.stats({ target: "delta" })).toHaveProperty("local");
  });

  test("one that doesn't answer is away, too", async () => {
    upstream = await fakeServer(() => {});
    await relayed({ timeoutMs: 50 });
    await using client = await StatsClient.connect(path);
    await expect(client.stats()).rejects.toMatchObject({
      errno: 107,
      message: expect.stringContaining("no answer within 50"),
    });
  });
});

test.each([
  ["itself", () => relayed({ path: upstream })],
  ["an interval that is none", () => relayed({ intervalMs: 0 })],
])("refuses %s", async (_, start) => {
  await expect(start()).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
});

describe("recording", () => {
  test("what was answered, byte for byte, with its time; asked for even where no client does", async () => {
    await serve({ targets: { top: clusterTarget() } });
    const file = join(scratch(onTestFinished), "record");
    const recorder = new Recorder(file);
    onTestFinished(() => recorder.close());
    const relay = await relayed({ intervalMs: 5, record: (exchange) => recorder.write(exchange) });
    const kinds = async () => new Set((await readRecording(file).catch(() => [])).map(({ request }) => request.req));
    await expect.poll(kinds).toEqual(new Set(["stats", "stats_meta"]));
    await expect.poll(async () => (await readRecording(file)).length).toBeGreaterThan(3);
    await relay.close();
    const peer = await RawPeer.connect(upstream);
    for (const { request, line } of await readRecording(file))
      expect(line).toBe(await peer.ask(`{"req":"${request.req}"}\n`));
    expect(readFileSync(file, "utf8")).toMatch(
      /^\{"at":\d{19},"request":\{"args":\{\},"req":"stats_meta"\},"reply":\{"errno":0,/,
    );
  });

  test("a disk that is full ends the relay", async () => {
    await serve({ sampler: new FakeSampler() });
    const recorder = new Recorder("/dev/full");
    onTestFinished(() => recorder.close());
    const relay = await relayed({ record: (exchange) => recorder.write(exchange) });
    await expect(relay.ended).rejects.toMatchObject({ code: "ERR_SCX_FILE_WRITE", errno: 28 });
    await expect(StatsClient.connect(path)).rejects.toMatchObject({ code: "ERR_SCX_CONNECT" });
  });

  const exchange: Exchange = {
    at: 1n,
    request: { req: "stats", args: new Map() },
    line: '{"errno":0,"args":{"resp":1}}',
  };

  test("what stands in the file goes with the first exchange, and not before", () => {
    const file = join(scratch(onTestFinished), "record");
    writeFileSync(file, "an old recording, much longer than the new one\n".repeat(10));
    const recorder = new Recorder(file);
    expect(readFileSync(file, "utf8")).toMatch(/^an old/);
    for (const _ of [1, 2]) recorder.write(exchange);
    recorder.close();
    expect(readFileSync(file, "utf8")).toBe(`${recordingLine(exchange)}\n`.repeat(2));
  });

  test("a pipe gets the lines; one that nobody reads, or reads on from, is not waited for", () => {
    const file = join(scratch(onTestFinished), "pipe");
    execFileSync("mkfifo", [file]);
    const refused = (why: string) =>
      expect.objectContaining({ code: "ERR_SCX_FILE_WRITE", message: expect.stringContaining(why) });
    expect(() => new Recorder(file)).toThrow(refused("nobody reads from it"));
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    using recorder = new Recorder(file);
    recorder.write(exchange);
    const read = Buffer.alloc(4096);
    expect(read.toString("utf8", 0, readSync(reader, read))).toBe(`${recordingLine(exchange)}\n`);
    const long = { ...exchange, line: `{"errno":0,"args":{"resp":"${"x".repeat(1 << 20)}"}}` };
    expect(() => recorder.write(long)).toThrow(refused("its reader took nothing"));
    closeSync(reader);
    expect(() => recorder.write(exchange)).toThrow(refused("its reader has left"));
  });

  test("one file has one recorder", () => {
    const file = join(scratch(onTestFinished), "record");
    using first = new Recorder(file);
    first.write(exchange);
    expect(() => new Recorder(file)).toThrow(
      expect.objectContaining({ code: "ERR_SCX_FILE_WRITE", message: expect.stringContaining("Another scxkit relay") }),
    );
    first.write(exchange);
    expect(readFileSync(file, "utf8")).toBe(`${recordingLine(exchange)}\n`.repeat(2));
    first.close();
    new Recorder(file).close();
  });

  test("of a line that the disk has no room for nothing stays", async () => {
    const file = join(scratch(onTestFinished), "record");
    const long = { ...exchange, line: `{"errno":0,"args":{"resp":"${"x".repeat(6000)}"}}` };
    const script = `
      import { Recorder } from ${JSON.stringify(new URL("../../../src/relay/recording.ts", import.meta.url).pathname)};
      process.on("SIGXFSZ", () => {});
      const recorder = new Recorder(process.env.FILE);
      const line = process.env.LINE;
      try {
        for (;;) recorder.write({ at: 1n, request: { req: "stats", args: new Map() }, line });
      } catch (error) {
        console.log(error.code, error.errno);
      }`;
    // The limit on a file's size stands for the disk's: it lets a part of the line through, too.
    const { stdout } = spawnSync(
      "bash",
      ["-c", 'ulimit -f 16; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
      { encoding: "utf8", env: { ...process.env, FILE: file, LINE: long.line } },
    );
    expect(stdout).toBe("ERR_SCX_FILE_WRITE 27\n");
    expect(await readRecording(file)).toEqual([long, long]);
  });

  test("a file that can't be opened", () => {
    expect(() => new Recorder("/nowhere/record")).toThrow(expect.objectContaining({ code: "ERR_SCX_FILE_WRITE" }));
  });

  test.each<[string, Omit<Exchange, "at">]>([
    [
      "names that look like the format's",
      {
        request: { req: "stats", args: new Map([["reply", ',"reply":{"errno":1}']]) },
        line: '{"errno":0,"args":{"resp":{"reply":1,"at":[2]}}}',
      },
    ],
    [
      "spaces, digits, escapes",
      {
        request: { req: "ä", args: new Map([["__proto__", "\u0000"]]) },
        line: '{ "errno":0, "args":{"resp":{"10":1.50,"3":18446744073709551615,"\\u0041":"\\/"}} }',
      },
    ],
    ["an error", { request: { req: "x", args: new Map() }, line: '{"errno":22,"args":{"resp":"no"}}' }],
  ])("an exchange is read as it was written: %s", (_, exchange) => {
    const whole = { at: 1763629200123456789n, ...exchange };
    expect(readRecordingLine(recordingLine(whole))).toEqual(whole);
  });

  test.each([
    ["no JSON", "{", /:2 is not JSON/],
    ["no object", "[[1],[2]]", /:2 is no object/],
    ["nothing that it needs", "{}", /:2 has no "at"/],
    ["no reply", '{"at":1,"request":{"req":"stats"}}', /:2 has no "reply"/],
    ["a time with a fraction", '{"at":1.5,"request":{"req":"x"},"reply":{}}', /:2 has 1.5 for a time/],
    ["a reply that is none", '{"at":1,"request":{"req":"x"},"reply":{}}', /:2 has a "reply" that is none/],
    [
      "a request that is none",
      '{"at":1,"request":{},"reply":{"errno":0,"args":{"resp":1}}}',
      /:2 has a "request" that is/,
    ],
  ])("a file with %s", async (_, line, message) => {
    const file = join(scratch(onTestFinished), "record");
    const good = recordingLine({
      at: 1n,
      request: { req: "stats", args: new Map() },
      line: '{"errno":0,"args":{"resp":1}}',
    });
    writeFileSync(file, `${good}\n${line}\n`);
    await expect(readRecording(file)).rejects.toEqual(
      expect.objectContaining({ code: "ERR_SCX_RECORDING", message: expect.stringMatching(message) }),
    );
  });

  test("a file that isn't UTF-8, and one that ends in mid-line", async () => {
    const file = join(scratch(onTestFinished), "record");
    const line = (text: string, encoding: BufferEncoding) =>
      Buffer.from(`{"at":1,"request":{"req":"stats"},"reply":{"errno":0,"args":{"resp":"${text}"}}}\n`, encoding);
    const good = line("é \u2028", "utf8"); // ends a line for Node, but not in JSON
    writeFileSync(file, good);
    expect((await readRecording(file))[0]?.line).toBe('{"errno":0,"args":{"resp":"é \u2028"}}');
    writeFileSync(file, Buffer.concat([good, line("é", "latin1")]));
    await expect(readRecording(file)).rejects.toMatchObject({
      code: "ERR_SCX_RECORDING",
      message: expect.stringMatching(/:2 is not UTF-8\.\n./),
    });
    writeFileSync(file, Buffer.concat([good, good.subarray(0, 30)]));
    await expect(readRecording(file)).rejects.toMatchObject({
      code: "ERR_SCX_RECORDING",
      message: expect.stringMatching(/:2 is not JSON\.\n./),
    });
  });

  test("an empty file, and none", async () => {
    const file = join(scratch(onTestFinished), "record");
    await expect(readRecording(file)).rejects.toMatchObject({ code: "ERR_SCX_FILE_NOT_FOUND" });
    closeSync(openSync(file, "w"));
    await expect(readRecording(file)).rejects.toMatchObject({ code: "ERR_SCX_RECORDING" });
    await expect(readRecording("/")).rejects.toMatchObject({ code: "ERR_SCX_FILE_UNREADABLE" });
  });
});
