// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import type { SinkQueue } from "../../../src/sinks/queue.js";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import { makeCertificate } from "./certificate.js";
import { nthRecord } from "./record.js";

interface Request {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A web server on which each request is answered as the test says: with a status, or not at all. */
async function serve(answer: (nth: number, response: ServerResponse) => number | "stall" | "reset") {
  const requests: Request[] = [];
  let nth = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const what = answer(nth++, response);
    if (what === "stall") return;
    if (what === "reset") {
      request.socket.destroy();
      return;
    }
    if (what < 300) requests.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(what).end("said the server");
  });
  const listen = (port = 0) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen();
  ends.push(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/in`, requests, server, listen: () => listen(port) };
}

const quick = { retryMs: 1, retryMaxMs: 5 };
async function sinkTo(url: string, options: object = {}): Promise<SinkQueue> {
  const queue = await createSink({
    name: "http",
    factory: await sinkFactory("http"),
    options: { url, ...quick, ...options },
  });
  await queue.open();
  ends.push(() => void queue.close({ deadlineMs: 0 }));
  return queue;
}
const push = (queue: SinkQueue, from: number, to: number) => {
  for (let n = from; n <= to; n++) queue.push(nthRecord(n));
};
/** The numbers of the samples in all requests that were answered well. */
const received = (requests: readonly Request[]) =>
  requests.flatMap(({ body }) => (JSON.parse(body.toString()) as { at: number }[]).map(({ at }) => at));
const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("a server that takes them", () => {
  it("gets batches, as an array of what run --json prints, and whose it is", async () => {
    const { url, requests } = await serve(() => 200);
    const queue = await sinkTo(url, { batch: 4 });
    push(queue, 1, 10);
    await queue.close();
    expect(received(requests)).toEqual(upTo(10));
    expect(requests.map(({ body }) => JSON.parse(body.toString()).length)).toEqual([4, 4, 2]);
    expect(requests[0]?.headers).toMatchObject({ "content-type": "application/json" });
    expect(JSON.parse(`${requests[0]?.body}`)[0]).toMatchObject({ at: 1, labels: { host: hostname() } });
    expect(new Set(requests.map(({ headers }) => headers["idempotency-key"])).size).toBe(3);
  });

  it("gets lines, compressed, with the headers that it wants", async () => {
    const { url, requests } = await serve(() => 204);
    const tokenFile = join(mkdtempSync(join(tmpdir(), "scxkit-http-")), "token");
    writeFileSync(tokenFile, "secret\n");
    const queue = await sinkTo(url, { gzip: true, format: "jsonl", headers: { "X-Rack": "7" }, tokenFile });
    push(queue, 1, 2);
    while (queue.counts.written < 2) await new Promise(setImmediate);
    // Renewed: the next request has the new one.
    writeFileSync(tokenFile, "another secret\n");
    push(queue, 3, 3);
    await queue.close();
    const [{ headers, body }, next] = requests as [Request, Request];
    expect(next.headers.authorization).toBe("Bearer another secret");
    expect(headers).toMatchObject({
      "content-type": "application/x-ndjson",
      "content-encoding": "gzip",
      "x-rack": "7",
      authorization: "Bearer secret",
    });
    expect(gunzipSync(body).toString().split("\n")).toHaveLength(3);
  });

  it("gets a user's name and password, which no message shows", async () => {
    const { url, requests } = await serve((nth) => (nth === 0 ? 503 : 200));
    const queue = await sinkTo(url.replace("//", "//us%40er:pa%3Ass@"), { retryMs: 3_600_000, retryMaxMs: 3_600_000 });
    push(queue, 1, 1);
    while (queue.counts.failures === 0) await new Promise(setImmediate);
    expect(queue.counts.failing).toBe(`${url} answered 503: said the server`);
    await queue.close();
    const login = Buffer.from("us@er:pa:ss").toString("base64");
    expect(requests[0]?.headers.authorization).toBe(`Basic ${login}`);
  });
});

it("a server whose certificate nobody vouches for gets nothing", async () => {
  const { certFile, keyFile } = makeCertificate(mkdtempSync(join(tmpdir(), "scxkit-http-")));
  let requests = 0;
  const server = createSecureServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_, response) => {
    requests++;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close().closeAllConnections());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const queue = await sinkTo(url, { retries: 0 });
  push(queue, 1, 1);
  while (queue.counts.dropped === 0) await new Promise(setImmediate);
  expect(queue.counts.failing).toBe(`${url}: self-signed certificate`);
  expect(requests).toBe(0);
});

describe("a server that stalls and fails", () => {
  it("gets all of them once each, in order, whatever it does", async () => {
    const faults = [500, "stall", "reset", 429, 200, "reset", 404, "stall", 200] as const;
    const { url, requests } = await serve((nth) => faults[nth] ?? 200);
    const queue = await sinkTo(url, { batch: 3, timeoutMs: 200 });
    push(queue, 1, 10);
    while (queue.counts.queued > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(received(requests)).toEqual(upTo(10));
    expect(queue.counts).toMatchObject({ written: 10, dropped: 0, failures: 7, failing: undefined });
  });

  it("keeps the key of a batch that is sent again", async () => {
    const keys: unknown[] = [];
    const { url } = await serve((nth, response) => {
      keys.push(response.req.headers["idempotency-key"]);
      return nth === 0 ? 500 : 200;
    });
    const queue = await sinkTo(url);
    push(queue, 1, 1);
    await queue.close();
    expect(keys).toEqual([keys[0], keys[0]]);
  });

  it("is waited for when it goes away, and nothing of the queue is lost", async () => {
    const { url, requests, server, listen } = await serve(() => 200);
    const queue = await sinkTo(url, { batch: 2 });
    push(queue, 1, 2);
    while (queue.counts.written < 2) await new Promise(setImmediate);
    server.close().closeAllConnections();
    push(queue, 3, 8);
    while (queue.counts.failures < 2) await new Promise(setImmediate);
    await listen();
    await queue.close();
    expect(received(requests)).toEqual(upTo(8));
  });

  it("that has moved is not followed, and no message shows what stands behind the question mark", async () => {
    const { url, requests } = await serve((nth, response) => {
      response.setHeader("location", "/elsewhere");
      return nth === 0 ? 302 : 200;
    });
    const queue = await sinkTo(`${url}?key=secret`, { retries: 0 });
    push(queue, 1, 1);
    while (queue.counts.dropped === 0) await new Promise(setImmediate);
    expect(queue.counts.failing).toBe(`${url} answered 302: go to /elsewhere`);
    expect(requests).toEqual([]);
  });

  it("that refuses a batch loses that one only", async () => {
    const { url, requests } = await serve((nth) => (nth === 1 ? 413 : 200));
    const queue = await sinkTo(url, { batch: 1 });
    push(queue, 1, 3);
    await queue.close();
    expect(received(requests)).toEqual([1, 3]);
    expect(queue.counts).toMatchObject({ written: 2, dropped: 1 });
  });
});

it.each([
  [{ url: "ftp://x" }, /no address that can be posted to/],
  [{ url: "http://x", headers: { "bad\nname": "x" } }, /bad/],
  [{ url: "http://x", tokenFile: "/nowhere" }, /\/nowhere can't be read/],
  [{}, /"url" is missing/],
  [{ url: "http://x", gzip: 1 }, /"gzip" must be boolean/],
  [{ url: "http://x", nothing: 1 }, /there is no option "nothing"/],
  [{ url: "http://x", format: "xml" }, /"format" is none of json, jsonl/],
])("wrong options: %j", async (options, message) => {
  await expect(createSink({ name: "http", factory: await sinkFactory("http"), options })).rejects.toThrow(message);
});

it.each([
  { url: "http://user:s3cret@host:99999/" },
  { url: "http://x", headers: { authorization: "s3cret\nx" } },
  { url: "http://x", tokenFile: join(mkdtempSync(join(tmpdir(), "scxkit-http-")), "token") },
])("what is secret isn't shown when it is wrong: %j", async (options) => {
  if (options.tokenFile) writeFileSync(options.tokenFile, "s3cret\nx");
  const made = createSink({ name: "http", factory: await sinkFactory("http"), options });
  await expect(made).rejects.toMatchObject({ code: "ERR_SCX_USAGE", message: expect.not.stringContaining("s3cret") });
});
