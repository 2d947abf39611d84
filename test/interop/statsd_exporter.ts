// SPDX-License-Identifier: MIT
// Prometheus' StatsD exporter: a server that knows DogStatsD's tags, and datagram sockets. Built by Go from its module.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../ports.js";
import { cachedFolder, type Missing, run, startPeer } from "./peer.js";

const version = "v0.31.0";

/** The program's path, or why there is none here. */
export async function buildStatsdExporter(): Promise<{ program: string } | Missing> {
  const got = await cachedFolder(`statsd_exporter-${version}`, async (folder) => {
    const module = `github.com/prometheus/statsd_exporter@${version}`;
    const { status, stderr } = await run("go", ["install", module], { env: { ...process.env, GOBIN: folder } });
    return status === 0 ? undefined : { missing: `Go can't build it: ${stderr.trim().split("\n").at(-1)}` };
  });
  return "missing" in got ? got : { program: join(got.folder, "statsd_exporter") };
}

/** An exporter of a test's own. */
export interface StatsdExporter {
  /** HOST:PORT, by UDP. */
  readonly address: string;
  /** The path of its datagram socket. */
  readonly socket: string;
  /** The series of ours that it has, with their values. */
  series(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

export async function startStatsdExporter(program: string): Promise<StatsdExporter> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-statsd-"));
  const [port, web] = (await freePorts(2)) as [number, number];
  const socket = join(folder, "dsd.socket");
  const { peer } = await startPeer(
    program,
    [
      `--web.listen-address=127.0.0.1:${web}`,
      `--statsd.listen-udp=127.0.0.1:${port}`,
      "--statsd.listen-tcp=",
      `--statsd.listen-unixgram=${socket}`,
      "--statsd.unixsocket-mode=600",
    ],
    (output) => (/Accepting Prometheus Requests/.test(output) ? true : undefined),
  );
  return {
    address: `127.0.0.1:${port}`,
    socket,
    async series() {
      const text = await (await fetch(`http://127.0.0.1:${web}/metrics`)).text();
      const lines = text.split("\n").filter((line) => line.startsWith("scx_"));
      return Object.fromEntries(
        lines.map((line) => line.split(/ (?=[^ ]+$)/)).map(([name, value]) => [name, Number(value)]),
      );
    },
    async stop() {
      await peer.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
