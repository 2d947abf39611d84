// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Exposition, type ExpositionFormat } from "../../src/sinks/exposition.js";
import { MetricPoints } from "../../src/sinks/points.js";
import { PrometheusSink } from "../../src/sinks/prometheus.js";
import type { SampleRecord } from "../../src/sinks/sink.js";
import type { StatValues } from "../../src/stats/schema.js";
import { recordOf } from "../unit/sinks/record.js";
import { upstreamRecords } from "../unit/sinks/upstream.js";
import { after, everything } from "./everything.js";
import { run } from "./peer.js";
import { fetchPrometheus, fetchPromtool, type RunningPrometheus, startPrometheus } from "./prometheus.js";
import { prometheusClient } from "./prometheus_client.js";

const since = 1_763_629_200_500_000_000n;
const record = (stats: StatValues): SampleRecord => recordOf(everything, stats, { since });

function exposition(format: ExpositionFormat, ...records: SampleRecord[]): string {
  const points = new MetricPoints();
  return new Exposition().render(
    records.flatMap((one) => points.of(one).map((point) => ({ ...point, since: one.since }))),
    format,
  );
}

type Skip = (condition: boolean, note?: string) => void;

describe("promtool", async () => {
  const got = await fetchPromtool();
  const needed = (skip: Skip) => skip("missing" in got, "missing" in got ? got.missing : "");
  const check = (text: string) =>
    run("promtool" in got ? got.promtool : "", ["check", "metrics"], { input: Buffer.from(text) });

  it("finds nothing wrong with any kind of metric", async ({ skip }) => {
    needed(skip);
    expect(await check(exposition("text", record(after(5))))).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("reads what upstream's schedulers give, whatever it thinks of their names", async ({ skip }) => {
    needed(skip);
    const { status, stderr } = await check(exposition("text", ...upstreamRecords));
    expect(stderr).not.toMatch(/error while linting|parsing/);
    expect([0, 3]).toContain(status);
    expect(await check("scx_x{ 1\n")).toMatchObject({ status: 1 });
  });
});

describe("Python's strict parser of OpenMetrics", () => {
  it("reads every kind, with its unit, its help and its labels", async ({ skip }) => {
    const got = await prometheusClient();
    skip("missing" in got, "missing" in got ? got.missing : "");
    const env = { ...process.env, PYTHONPATH: (got as { pythonPath: string }).pythonPath };
    const program = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(json.dumps([[f.name, f.type, f.unit, f.documentation, [[s.name, s.labels, s.value] for s in f.samples]]
  for f in parse(sys.stdin.read())]))`;
    const parse = async (text: string) => {
      const { stdout, stderr } = await run("python3", ["-c", program], { env, input: Buffer.from(text) });
      expect(stderr).toBe("");
      return JSON.parse(stdout) as [string, string, string, string, [string, Record<string, string>, number][]][];
    };
    const families = await parse(exposition("openmetrics", record(after(5)), ...upstreamRecords));
    const all = new Map(families.map(([name, ...rest]) => [name, rest]));
    expect(all.get("scx_ticks_seconds")).toEqual([
      "counter",
      "seconds",
      "time that went by",
      [
        ["scx_ticks_seconds_total", { scheduler: "simple" }, 0.005],
        ["scx_ticks_seconds_created", { scheduler: "simple" }, 1763629200.5],
      ],
    ]);
    expect(all.get("scx_busy")?.slice(0, 3)).toEqual(["gauge", "", 'CPUs that are "busy"\n\\']);
    expect(all.get("scx_dispatched")?.[3]).toContainEqual([
      "scx_dispatched_total",
      { scheduler: "simple", type: 'odd "\\\n ü' },
      7,
    ]);
    expect(all.get("scx_waited_seconds")?.slice(0, 2)).toEqual(["histogram", "seconds"]);
    expect(all.get("scx_version")?.slice(0, 2)).toEqual(["info", ""]);
    expect(all.get("scx_state")?.slice(0, 2)).toEqual(["stateset", ""]);
    expect(all.get("scx_d_load")?.[3]).toContainEqual([
      "scx_d_load",
      { scheduler: "rusty", node: "0", domain: "1" },
      expect.any(Number),
    ]);
  });
});

describe("Prometheus", async () => {
  const got = await fetchPrometheus();
  const needed = (skip: Skip) => skip("missing" in got, "missing" in got ? got.missing : "");
  const folder = mkdtempSync(join(tmpdir(), "scxkit-scraped-"));
  const [tokenFile, certFile, keyFile] = ["token", "cert.pem", "key.pem"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
  let server: RunningPrometheus;
  let sinks: PrometheusSink[];
  let doms = ["0", "1"];
  const started = Date.now();

  beforeAll(async () => {
    if ("missing" in got) return;
    writeFileSync(tokenFile, "s3cret");
    const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", [...made, "-keyout", keyFile, "-out", certFile, ...subject], { stdio: "ignore" });
    const common = { listen: "127.0.0.1:0", path: "/metrics", maxScrapes: 8 };
    sinks = [new PrometheusSink(common), new PrometheusSink({ ...common, tokenFile, certFile, keyFile })];
    await Promise.all(sinks.map((sink) => sink.open()));
    ends.push(...sinks.map((sink) => () => sink.close()));
    const tick = () => {
      for (const sink of sinks) sink.write([record(after(Date.now() - started, doms))]);
    };
    tick();
    const timer = setInterval(tick, 100);
    ends.push(() => clearInterval(timer));
    // A scraper that knows the old text only.
    const [plain, secure] = sinks.map(({ url }) => url) as [string, string];
    const old = createServer(async (_, response) => {
      const answer = await fetch(plain);
      response.writeHead(200, { "content-type": answer.headers.get("content-type") ?? "" }).end(await answer.text());
    });
    await new Promise<void>((resolve) => old.listen(0, "127.0.0.1", resolve));
    ends.push(() => old.close().closeAllConnections());
    const job = (name: string, target: string, more: object = {}) => ({
      job_name: name,
      static_configs: [{ targets: [target] }],
      ...more,
    });
    server = await startPrometheus(got.prometheus, {
      global: { scrape_interval: "500ms", scrape_timeout: "500ms" },
      scrape_configs: [
        job("openmetrics", new URL(plain).host),
        job("text", `127.0.0.1:${(old.address() as AddressInfo).port}`),
        job("secure", new URL(secure).host, {
          scheme: "https",
          tls_config: { ca_file: certFile },
          authorization: { credentials_file: tokenFile },
        }),
      ],
    });
    ends.push(() => server.stop());
  }, 300_000);

  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });

  /** The values of a query by job, as soon as they are as they should be. */
  async function eventually(query: string, good: (values: Record<string, number>) => boolean) {
    let values: Record<string, number> = {};
    for (const deadline = Date.now() + 50_000; Date.now() < deadline; await sleep(100)) {
      const result = await server.query(query);
      values = Object.fromEntries(result.map(({ metric, value }) => [metric.job ?? "", Number(value[1])]));
      if (good(values)) return values;
    }
    throw new Error(`${query} remains ${JSON.stringify(values)}`);
  }
  const everywhere = (good: (value: number) => boolean) => (values: Record<string, number>) =>
    ["openmetrics", "text", "secure"].every((job) => values[job] !== undefined && good(values[job]));

  it("scrapes both formats, TLS and token included", async ({ skip }) => {
    needed(skip);
    await eventually(
      "up",
      everywhere((up) => up === 1),
    );
  });

  it("computes the rate of a counter: a second a second", async ({ skip }) => {
    needed(skip);
    await eventually(
      "rate(scx_ticks_seconds_total[5s])",
      everywhere((rate) => rate > 0.95 && rate < 1.05),
    );
  });

  it("has histograms, states, infos and texts of any kind", async ({ skip }) => {
    needed(skip);
    // All values are from 512 to 1023 ns.
    const quantile = "histogram_quantile(0.5, rate(scx_waited_seconds_bucket[5s]))";
    await eventually(
      quantile,
      everywhere((value) => value > 511e-9 && value < 1024e-9),
    );
    await eventually(
      'scx_state{scx_state="enabled"}',
      everywhere((value) => value === 1),
    );
    await eventually(
      'scx_version_info{version="1.0"} * on(job) scx_busy',
      everywhere((value) => value === -3),
    );
    await eventually(
      'scx_dispatched_total{type="odd \\"\\\\\\n ü"}',
      everywhere((value) => value === 7),
    );
    await eventually(
      'scx_dispatched_total{type="greedy"}',
      everywhere((value) => value === 2 ** 53 + 2),
    );
  });

  it("knows kinds, units and meanings", async ({ skip }) => {
    needed(skip);
    const answer = await fetch(`${server.url}/api/v1/metadata`);
    const { data } = (await answer.json()) as { data: Record<string, { type: string; unit: string; help: string }[]> };
    const kinds = (name: string) => data[name]?.map(({ type }) => type);
    expect(kinds("scx_ticks_seconds")).toEqual(["counter"]); // as OpenMetrics names it
    expect(kinds("scx_ticks_seconds_total")).toEqual(["counter"]);
    expect(kinds("scx_waited_seconds")?.[0]).toBe("histogram");
    expect(data.scx_ticks_seconds?.[0]).toMatchObject({ unit: "seconds", help: "time that went by" });
    expect(kinds("scx_version")).toEqual(["info"]);
    expect(kinds("scx_state")).toContain("stateset");
  });

  it("sees at once when labels vanish", async ({ skip }) => {
    needed(skip);
    await eventually(
      "count by (job) (scx_doms)",
      everywhere((count) => count === 2),
    );
    doms = ["1"];
    await eventually(
      "count by (job) (scx_doms)",
      everywhere((count) => count === 1),
    );
    await eventually(
      'scx_doms{dom="1"}',
      everywhere((value) => value === 1.5),
    );
  });
});
