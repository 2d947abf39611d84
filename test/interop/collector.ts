// SPDX-License-Identifier: MIT
// OpenTelemetry's collector with its OTLP receiver, built by Go from the modules that collector/go.sum names.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder, freePorts, type Missing, type Peer, run, startPeer } from "./peer.js";

const source = join(import.meta.dirname, "collector");

/** The program's path, or why there is none here. */
export async function buildCollector(): Promise<{ program: string } | Missing> {
  const go = await run("go", ["version"]);
  const minor = Number(/go1\.(\d+)/.exec(go.stdout)?.[1] ?? 0);
  if (minor < 23) return { missing: "the collector needs Go 1.23 or newer" };
  const files = ["main.go", "go.mod", "go.sum"].map((name) => readFileSync(join(source, name)));
  const id = createHash("sha256").update(Buffer.concat(files)).digest("hex").slice(0, 12);
  const got = await cachedFolder(`collector-${id}`, async (folder) => {
    const built = await run("go", ["build", "-o", join(folder, "collector"), "."], { cwd: source });
    if (built.status === 0) return undefined;
    const last = built.stderr.trim().split("\n").at(-1);
    if (/proxy|dial|lookup|no such host|timeout/i.test(built.stderr)) return { missing: `Go can't fetch it: ${last}` };
    throw new Error(`go build failed:\n${built.stderr}`);
  });
  return "missing" in got ? got : { program: join(got.folder, "collector") };
}

/** One request as the collector understood it: OTLP's JSON. */
export interface ReceivedMetrics {
  resourceMetrics: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeMetrics: { scope: object; metrics: { name: string }[] }[];
  }[];
}

/** A collector of a test's own. */
export interface Collector extends Peer {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** What it has received so far. */
  readonly received: readonly ReceivedMetrics[];
}

/** @param port where to listen; a free one unless given */
export async function startCollector(program: string, port?: number): Promise<Collector> {
  const [free] = port === undefined ? await freePorts(1) : [port];
  const address = `127.0.0.1:${free}`;
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: address } } } },
    exporters: { lines: {} },
    service: {
      pipelines: { metrics: { receivers: ["otlp"], exporters: ["lines"] } },
      telemetry: { metrics: { level: "none" } },
    },
  };
  const received: ReceivedMetrics[] = [];
  const { peer } = await startPeer(
    program,
    ["--config", `yaml:${JSON.stringify(config)}`],
    (output) => (output.includes("Everything is ready") ? true : undefined),
    { onLine: (line) => received.push(JSON.parse(line)) },
  );
  return { ...peer, endpoint: `http://${address}`, received };
}
