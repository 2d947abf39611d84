// SPDX-License-Identifier: MIT
// Prometheus and promtool as Debian has them, fetched through a private apt that checks them against the signed lists, and
// never installed.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkout } from "../objects.js";
import { cachedFolder, type Missing, type Peer, run, startPeer } from "./peer.js";

/** The two programs' paths, or why they aren't here. */
export async function fetchPrometheus(): Promise<{ prometheus: string; promtool: string } | Missing> {
  const got = await cachedFolder("prometheus", async (folder) => {
    const apt = await run("sh", [join(checkout, "native/apt.sh"), "packages"]);
    if (apt.status !== 0) return { missing: `Prometheus comes by apt: ${lastLine(apt.stderr)}` };
    const download = await run("apt-get", ["-c", apt.stdout.trim(), "-q", "download", "prometheus"], { cwd: folder });
    const file = readdirSync(folder).find((name) => name.endsWith(".deb"));
    if (!file) return { missing: `the package can't be fetched: ${lastLine(download.stderr)}` };
    const unpacked = await run("dpkg", ["-x", join(folder, file), folder]);
    if (unpacked.status !== 0) throw new Error(unpacked.stderr);
    rmSync(join(folder, file));
    return undefined;
  });
  if ("missing" in got) return got;
  return { prometheus: join(got.folder, "usr/bin/prometheus"), promtool: join(got.folder, "usr/bin/promtool") };
}

const lastLine = (text: string) => text.trim().split("\n").at(-1) ?? "";

/** A Prometheus of a test's own, on a free port and with an empty store. */
export interface RunningPrometheus extends Peer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Its HTTP API's answer to an instant query: the series, each with its last value. @throws Error with Prometheus' own words */
  query(promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/**
 * Starts Prometheus.
 * @param config prometheus.yml as JSON, which is YAML too
 * @param flags further ones, `--enable-feature=otlp-write-receiver` for instance
 */
export async function startPrometheus(
  program: string,
  config: object,
  flags: string[] = [],
): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-prometheus-"));
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const store = ["--config.file=prometheus.yml", "--storage.tsdb.path=data"];
  const { peer, found: url } = await startPeer(
    program,
    [...store, "--web.listen-address=127.0.0.1:0", "--log.format=json", ...flags],
    (output) =>
      /ready to receive web requests/.test(output)
        ? `http://${/"address":"([^"]+)"[^\n]*"Listening on"|"Listening on"[^\n]*"address":"([^"]+)"/.exec(output)?.slice(1).find(Boolean)}`
        : undefined,
    { cwd: folder },
  );
  return {
    ...peer,
    url,
    async query(promql) {
      const response = await fetch(`${url}/api/v1/query`, {
        method: "POST",
        body: new URLSearchParams({ query: promql }),
      });
      const answer = (await response.json()) as { error?: string; data: { result: never[] } };
      if (answer.error) throw new Error(`${promql}: ${answer.error}`);
      return answer.data.result;
    },
    async stop() {
      await peer.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
