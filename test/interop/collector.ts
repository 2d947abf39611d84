// SPDX-License-Identifier: MIT
// OpenTelemetry's collector with its OTLP receiver, built by Go from the modules that collector/go.sum names.

import { freePorts } from "../ports.js";
import { type Peer, startPeer } from "./peer.js";

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
