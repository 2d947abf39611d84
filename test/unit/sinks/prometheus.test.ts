// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { get as getSecurely } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { formatFor, takesGzip } from "../../../src/sinks/accept.js";
import { parseAddress } from "../../../src/sinks/address.js";
import { awayEvent } from "../../../src/sinks/away_event.js";
import { CurrentPoints } from "../../../src/sinks/current.js";
import { endedEvent } from "../../../src/sinks/ended_event.js";
import { PrometheusSink } from "../../../src/sinks/prometheus.js";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import { makeCertificate } from "./certificate.js";
import { eventRecord, nthRecord, recordOf } from "./record.js";

const folder = mkdtempSync(join(tmpdir(), "scxkit-prometheus-"));
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Options = ConstructorParameters<typeof PrometheusSink>[0];
async function listening(options: Partial<Options> = {}): Promise<PrometheusSink> {
  const sink = new PrometheusSink({ listen: "127.0.0.1:0", path: "/metrics", maxScrapes: 8, ...options });
  await sink.open();
  ends.push(() => sink.close());
  return sink;
}

it("leaves nothing behind that would keep the process", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  await (await listening()).close();
  expect(timers()).toBe(before);
});

describe("a scrape", () => {
  it("gets the last tick, in the format that it wants", async () => {
    const sink = await listening();
    expect(await (await fetch(sink.url)).text()).toBe("");
    sink.write([nthRecord(1), nthRecord(2)]);
    const plain = await fetch(sink.url);
    expect(plain.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await plain.text()).toContain('\nscx_events_total{scheduler="simple"} 2\n');
    sink.write([nthRecord(3)]);
    const open = await fetch(sink.url, { headers: { accept: "application/openmetrics-text; version=1.0.0" } });
    expect(open.headers.get("content-type")).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
    expect(await open.text()).toMatch(/\nscx_events_total\{scheduler="simple"\} 3\n[\s\S]*\n# EOF\n$/);
  });

  it("gets it compressed where it says that it can", async () => {
    const sink = await listening();
    sink.write([nthRecord(1)]);
    const answer = (encoding: string) =>
      new Promise<{ encoding: unknown; body: Buffer }>((resolve) => {
        get(sink.url, { headers: { "accept-encoding": encoding } }, async (response) => {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk as Buffer);
          resolve({ encoding: response.headers["content-encoding"], body: Buffer.concat(chunks) });
        });
      });
    const zipped = await answer("gzip");
    const plain = await answer("identity");
    expect([zipped.encoding, plain.encoding]).toEqual(["gzip", undefined]);
    expect(gunzipSync(zipped.body)).toEqual(plain.body);
  });

  it.each([
    ["of ASCII", "host"],
    ["with other characters", "Gerät €"],
    ["too large to go out with its headers", "x".repeat(100_000)],
  ])("gets a page %s whole, a byte for each that was announced", async (_, host) => {
    const sink = await listening();
    sink.write([{ ...nthRecord(1), labels: { host } }]);
    const page = await fetch(sink.url, { headers: { "accept-encoding": "identity" } });
    const body = Buffer.from(await page.arrayBuffer());
    expect(Number(page.headers.get("content-length"))).toBe(body.length);
    expect(body.toString("utf8")).toContain(`\nscx_events_total{scheduler="simple",host="${host}"} 1\n`);
  });

  it("gets nothing but the page, and only reads", async () => {
    const sink = await listening();
    const status = async (path: string, init?: RequestInit) => (await fetch(new URL(path, sink.url), init)).status;
    expect(await status("/")).toBe(404);
    expect(await status("/metrics?x=1")).toBe(200);
    expect(await status("/metrics", { method: "POST", body: "x" })).toBe(405);
    const absolute = async (path: string) => {
      const [response] = await once(get(sink.url, { path, agent: false }), "response");
      return response.resume().statusCode;
    };
    const targets = ["http://other:1/metrics", "HTTP://x/metrics?a=/b", "http://x/", "http://x", "*"];
    expect(await Promise.all(targets.map(absolute))).toEqual([200, 200, 404, 404, 404]);
    const head = await fetch(sink.url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("brings the token, where one is wanted", async () => {
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "s3cret\n");
    const { url } = await listening({ tokenFile });
    const status = async (authorization?: string) =>
      (await fetch(url, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status()).toBe(401);
    expect(await status("Bearer s3cre")).toBe(401);
    expect(await status("Basic s3cret")).toBe(401);
    expect(await status("Bearer s3cret")).toBe(200);
    // Whoever renews it may take a moment.
    writeFileSync(tokenFile, "");
    expect(await status("Bearer s3cret")).toBe(200);
    writeFileSync(tokenFile, "an0ther");
    expect(await status("Bearer s3cret")).toBe(401);
    expect(await status("Bearer an0ther")).toBe(200);
    // Nor must it be one that can be looked at.
    rmSync(tokenFile);
    symlinkSync(tokenFile, tokenFile);
    expect(await status("Bearer an0ther")).toBe(200);
    expect(await status("Bearer s3cret")).toBe(401);
  });

  it("is refused while there are too many, and a slow reader frees its place", async () => {
    const sink = await listening({ maxScrapes: 2 });
    const many: StatsSchema = {
      name: "many",
      stats: [{ name: "load", kind: "gauge", type: { dict: "u64", key: "string" } }],
    };
    const keys = Array.from({ length: 60_000 }, (_, i): [string, { value: bigint }] => [
      `${"k".repeat(100)}${i}`,
      { value: 1n },
    ]);
    sink.write([recordOf(many, { load: { entries: Object.fromEntries(keys) } })]);
    const { hostname, port } = new URL(sink.url);
    const slow = [1, 2].map(() => {
      const socket = connect(Number(port), hostname);
      socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
      return socket;
    });
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.once("readable", resolve))));
    const refused = await fetch(sink.url);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    for (const socket of slow) socket.destroy();
    let status = 503;
    while (status === 503) status = (await fetch(sink.url, { method: "HEAD" })).status;
    expect(status).toBe(200);
  });

  it("isn't kept out by those who connect and ask nothing, nor who takes it with them", async () => {
    const sink = await listening({ maxScrapes: 2 });
    const { hostname, port } = new URL(sink.url);
    const idle = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const socket = connect(Number(port), hostname).on("error", () => {});
        await new Promise((resolve) => socket.once("connect", resolve));
        socket.write("GET /metrics HTTP/1.1\r\nX-Slow: "); // for ever
        return socket;
      }),
    );
    for (let i = 0; i < 20; i++) expect((await fetch(sink.url, { headers: { connection: "close" } })).status).toBe(200);
    const left = () => idle.filter((socket) => !socket.destroyed).length;
    while (left() > 8) await new Promise(setImmediate);
    expect(left()).toBeGreaterThan(0);
    for (const socket of idle) socket.destroy();
  });

  it("is encrypted with a certificate", async () => {
    const { certFile, keyFile } = makeCertificate(folder);
    const sink = await listening({ certFile, keyFile });
    expect(sink.url).toMatch(/^https:/);
    const ca = readFileSync(certFile);
    const status = await new Promise((resolve, reject) => {
      getSecurely(sink.url, { ca }, (response) => resolve(response.resume().statusCode)).once("error", reject);
    });
    expect(status).toBe(200);
    // Renewed: who connects next gets the new one.
    rmSync(certFile);
    makeCertificate(folder);
    const renewed = await new Promise((resolve, reject) => {
      getSecurely(sink.url, { ca: readFileSync(certFile), agent: false }, (response) =>
        resolve(response.resume().statusCode),
      ).once("error", reject);
    });
    expect(renewed).toBe(200);
    const wrong = { listen: "0", path: "/", maxScrapes: 1, certFile: keyFile, keyFile: certFile };
    expect(() => new PrometheusSink(wrong)).toThrow(/can't use the certificate/);
  });
});

describe("an address", () => {
  it.each([
    ["9000", "127.0.0.1", 9000],
    ["0.0.0.0:80", "0.0.0.0", 80],
    ["[::1]:1", "::1", 1],
    ["localhost:65535", "localhost", 65535],
    [":9000", "::", 9000],
  ])("%s", (text, host, port) => {
    expect(parseAddress("x", text)).toEqual({ host, port });
  });

  it.each(["", "x", "1.2.3.4", "1.2.3.4:x", "1.2.3.4:65536", "::1:9000", "http://x:1"])("not %j", (text) => {
    expect(() => parseAddress("x", text)).toThrow(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
  });

  it("that somebody has, or that isn't ours, ends the start", async () => {
    const { port } = new URL((await listening()).url);
    const open = async (listen: string) => {
      const queue = await createSink({
        name: "prometheus",
        factory: await sinkFactory("prometheus"),
        options: { listen },
      });
      return queue.open();
    };
    await expect(open(port)).rejects.toMatchObject({ code: "ERR_SCX_SINK_OPEN", message: /the port is in use/ });
    await expect(open("192.0.2.1:0")).rejects.toMatchObject({ code: "ERR_SCX_SINK_OPEN", message: /no such address/ });
  });
});

describe("what there is to scrape", () => {
  const schema: StatsSchema = {
    name: "s",
    stats: [{ name: "load", kind: "gauge", type: { dict: "u64", key: "string" } }],
  };
  const ofGroup = (group: string, scheduler: string, at: bigint, ...keys: string[]) =>
    recordOf(
      schema,
      { load: { entries: Object.fromEntries(keys.map((key) => [key, { value: at }])) } },
      { group, sample: { at, scheduler, interval: 2_000_000_000n } },
    );
  const of = (scheduler: string, at: bigint, ...keys: string[]) => ofGroup("stats", scheduler, at, ...keys);
  const shown = (current: CurrentPoints, now: number) =>
    current
      .all(now)
      .filter(({ series }) => series.metric.name === "scx_load")
      .map(({ series: { labels } }) => `${labels.scheduler}/${labels.key}`);

  it("is each source's last sample; labels that vanish are gone, and so is who falls silent", () => {
    const current = new CurrentPoints();
    current.take([of("a", 1n, "x", "y"), of("b", 1n, "z")], 0);
    expect(shown(current, 0)).toEqual(["a/x", "a/y", "b/z"]);
    current.take([of("a", 2n, "y"), of("a", 3n, "y")], 2000);
    expect(shown(current, 2000)).toEqual(["a/y", "b/z"]);
    expect(shown(current, 7000)).toEqual(["a/y"]);
    expect(shown(current, 9000)).toEqual([]);
  });

  it("lasts as long as was said before, when a reading comes out of turn", () => {
    const current = new CurrentPoints();
    const record = of("a", 1n, "x");
    current.take([{ ...record, sample: { ...record.sample, interval: 30_000_000_000n } }], 0);
    current.take([{ ...record, sample: { ...record.sample, interval: 1000n } }], 100);
    expect(shown(current, 60_000)).toEqual(["a/x"]);
    expect(shown(current, 90_001)).toEqual([]);
    for (const [now, ms] of [
      [100_000, 3_600_000],
      [100_100, 100],
      [100_200, 100],
    ] as const) // the first after an outage
      current.take([{ ...record, sample: { ...record.sample, interval: BigInt(ms) * 1_000_000n } }], now);
    expect(shown(current, 105_200)).toEqual(["a/x"]);
    expect(shown(current, 105_201)).toEqual([]);
  });

  it("lasts for three of the intervals that are meant, whatever the last one was", () => {
    const current = new CurrentPoints();
    const take = (everyMs: number, intervalMs: number, now: number) => {
      const record = of("a", 1n, "x");
      const sample = { ...record.sample, interval: BigInt(intervalMs) * 1_000_000n };
      current.take([{ ...record, sample, everyMs }], now);
    };
    take(9000, 0, 0); // a source's first
    expect(shown(current, 27_000)).toEqual(["a/x"]);
    expect(shown(current, 27_001)).toEqual([]);
    take(100, 3_600_000, 30_000); // after an hour's outage
    expect(shown(current, 35_000)).toEqual(["a/x"]);
    expect(shown(current, 35_001)).toEqual([]);
    take(9000, 9000, 40_000);
    take(1000, 1000, 41_000); // after a reload
    expect(shown(current, 46_001)).toEqual([]);
    for (const now of [50_000, 56_000, 62_000]) {
      expect(shown(current, now - 1)).toEqual(now === 62_000 ? ["a/x"] : []); // a server that takes so long
      take(1000, 6000, now);
    }
    expect(shown(current, 80_000)).toEqual(["a/x"]);
    expect(shown(current, 80_001)).toEqual([]);
  });

  it("forgets the statistics of a scheduler that is away at once", () => {
    const current = new CurrentPoints();
    current.take([of("a", 1n, "x"), of("b", 1n, "x"), ofGroup("cpu", "a", 1n, "y")], 0);
    current.take([of("a", 2n, "x"), awayEvent("a", {})], 100);
    expect(shown(current, 100)).toEqual(["b/x", "a/y"]);
    current.take([of("a", 3n, "z")], 200);
    expect(shown(current, 200)).toEqual(["b/x", "a/y", "a/z"]);
  });

  it("has a source's series once when its labels change", () => {
    const current = new CurrentPoints();
    const record = of("a", 1n, "x");
    current.take([{ ...record, labels: { rack: "7", row: "1" } }], 0);
    current.take([{ ...record, labels: { rack: "8" } }], 100);
    const loads = current.all(100).filter(({ series }) => series.metric.name === "scx_load");
    expect(loads.map(({ series }) => series.labels)).toEqual([expect.objectContaining({ rack: "8" })]);
    expect(loads[0]?.series.labels).not.toHaveProperty("row");
  });

  it("forgets the groups that are said to have ended, and shows them when they come again", () => {
    const current = new CurrentPoints();
    current.take([of("a", 1n, "x"), ofGroup("cpu", "a", 1n, "y")], 0);
    current.take([of("a", 2n, "x"), endedEvent(["stats"], {})], 100);
    expect(shown(current, 100)).toEqual(["a/y"]);
    current.take([endedEvent(["cpu"], {}), of("a", 3n, "z")], 200);
    expect(shown(current, 200)).toEqual(["a/z"]);
    current.take([{ ...eventRecord, name: "ended" }], 300); // a program's own, which says nothing of groups
    expect(shown(current, 300)).toEqual(["a/z"]);
  });

  it("has the machine's values once, whichever scheduler runs", () => {
    const current = new CurrentPoints();
    current.take([ofGroup("cpu", "a", 1n, "x")], 0);
    current.take([ofGroup("cpu", "b", 2n, "x")], 100);
    expect(shown(current, 100)).toEqual(["b/x"]);
  });
});

it.each([
  [undefined, "text"],
  ["*/*", "text"],
  [
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "openmetrics",
  ],
  ["application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.7", "text"],
  ["application/openmetrics-text;version=0.0.1", "text"],
  ["application/openmetrics-text", "openmetrics"],
  ["application/openmetrics-text;q=0, text/html", "text"],
  ['application/openmetrics-text; version="1.0.0"; charset="utf-8"', "openmetrics"],
  ['text/x;a="b,\\";c",application/openmetrics-text;version="1.0.\\0";q="0.5"', "openmetrics"],
  ['application/openmetrics-text;version="0.0.1"', "text"],
  ['"', "text"],
])("Accept: %s means %s", (header, format) => {
  expect(formatFor(header)).toBe(format);
});

it.each([
  [undefined, false],
  ["gzip, deflate", true],
  ["gzip;q=0", false],
  ["*", true],
  ["gzip;q=0, *", false],
  ["*;q=0, gzip;q=0.5", true],
  ["identity, *;q=0", false],
  ["br", false],
])("Accept-Encoding: %s means gzip: %s", (header, gzip) => {
  expect(takesGzip(header)).toBe(gzip);
});
