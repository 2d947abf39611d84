// SPDX-License-Identifier: MIT
// The original StatsD server, as its authors publish it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../ports.js";
import { cachedFolder, type Missing, run, startPeer } from "./peer.js";

const version = "0.9.0";

/** The server's script, or why there is none here. */
export async function fetchStatsd(): Promise<{ script: string } | Missing> {
  const got = await cachedFolder(`statsd-${version}`, async (folder) => {
    const flags = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--no-save"];
    const { status, stderr } = await run("npm", ["install", "--prefix", folder, ...flags, `statsd@${version}`]);
    return status === 0 ? undefined : { missing: `npm can't fetch statsd: ${stderr.trim().split("\n").at(-1)}` };
  });
  return "missing" in got ? got : { script: join(got.folder, "node_modules/statsd/stats.js") };
}

/** A server of a test's own that never flushes. */
export interface StatsdServer {
  /** HOST:PORT, by UDP and TCP. */
  readonly address: string;
  /** What it has counted, and its levels, by name. */
  read(what: "counters" | "gauges"): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** @param port where to listen; a free one unless given */
export async function startStatsd(script: string, port?: number): Promise<StatsdServer> {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-statsd-"));
  const [free, management] = (await freePorts(2)) as [number, number];
  const own = { address: "127.0.0.1", port: port ?? free };
  const config = {
    servers: [
      { server: "./servers/udp", ...own },
      { server: "./servers/tcp", ...own },
    ],
    mgmt_address: "127.0.0.1",
    mgmt_port: management,
    flushInterval: 86_400_000,
    backends: [],
  };
  const file = join(folder, "config.js");
  writeFileSync(file, JSON.stringify(config));
  const ready = (output: string) => (output.includes("server is up") ? true : undefined);
  const { peer } = await startPeer(process.execPath, [script, file], ready);
  return {
    address: `127.0.0.1:${own.port}`,
    async read(what) {
      // It prints an object as Node shows it.
      const text = await ask(management, what);
      return Object.fromEntries(
        [...text.matchAll(/^\s*\{?\s*'?([^':]+)'?: (-?[\d.e+-]+),?\s*\}?$/gm)].map(([, name, value]) => [
          name,
          Number(value),
        ]),
      );
    },
    async stop() {
      await peer.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(`${command}\n`));
    socket.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.includes("END")) socket.end();
    });
    socket.once("error", reject).once("close", () => resolve(text));
  });
}
