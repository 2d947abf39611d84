// SPDX-License-Identifier: MIT
// Prometheus and promtool as Debian has them.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianPackage } from "./debian.js";
import { type Missing, type Peer, startPeer } from "./peer.js";

/** The program's path, or why it isn't here. */
export async function fetchPrometheus(): Promise<{ prometheus: string } | Missing> {
  const got = await debianPackage("prometheus");
  return "missing" in got ? got : { prometheus: join(got.folder, "usr/bin/prometheus") };
}

/** The same of promtool, which is a package of its own from Debian 13 on. */
export async function fetchPromtool(): Promise<{ promtool: string } | Missing> {
  for (const name of ["prometheus", "promtool"]) {
    const got = await debianPackage(name);
    if ("missing" in got) return got;
    const promtool = join(got.folder, "usr/bin/promtool");
    if (existsSync(promtool)) return { promtool };
  }
  return { missing: "neither package has promtool" };
}

/** A series, and its value at a time. */
export interface QueriedSeries {
  metric: Record<string, string>;
  value: [number, string];
}

/** A Prometheus of a test's own, on a free port and with an empty store. */
export interface RunningPrometheus extends Peer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Its HTTP API's answer to an instant query: the series, each with its last value. @throws Error with Prometheus' own words */
  query(promql: string): Promise<QueriedSeries[]>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/**
 * Starts Prometheus.
 * @param config prometheus.yml as JSON, which is YAML too
 */
export async function startPrometheus(program: string, config: object): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-prometheus-"));
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const store = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"];
  const { peer, found: url } = await startPeer(
    program,
    [...store, "--web.listen-address=127.0.0.1:0", "--log.format=json"],
    (output) =>
      /ready to receive web requests/.test(output)
        ? `http://${/"address":"([^"]+)"[^\n]*"Listening on"|"Listening on"[^\n]*"address":"([^"]+)"/.exec(output)?.slice(1).find(Boolean)}`
        : undefined,
    { cwd: folder },
  );
  return running(peer, url, folder);
}

/**
 * Starts the program of prometheus_receiver: Prometheus' receiver of OTLP, which Debian's hasn't got, with its store and PromQL.
 * @returns it, with `url` as of Prometheus itself
 */
export async function startReceiver(program: string): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-prometheus-"));
  const ready = (output: string) => /listening at (\S+)/.exec(output)?.[1];
  const { peer, found: url } = await startPeer(program, [folder], ready);
  return running(peer, url, folder);
}

function running(peer: Peer, url: string, folder: string): RunningPrometheus {
  return {
    ...peer,
    url,
    query: (promql) => queryPrometheus(url, promql),
    async stop() {
      await peer.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The answer of the HTTP API at a URL to an instant query. @throws Error with its own words */
async function queryPrometheus(url: string, promql: string): Promise<QueriedSeries[]> {
  const response = await fetch(`${url}/api/v1/query`, {
    method: "POST",
    body: new URLSearchParams({ query: promql }),
  });
  const answer = (await response.json()) as { error?: string; data: { result: never[] } };
  if (answer.error) throw new Error(`${promql}: ${answer.error}`);
  return answer.data.result;
}
