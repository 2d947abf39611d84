// SPDX-License-Identifier: MIT
// Upstream's Python script that turns a socket's statistics into OpenMetrics. It is part of the crate scx_stats, so cargo has
// fetched and checked it.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { StatsServer } from "../../src/protocol/server.js";
import { clusterTarget, FakeSampler, scratch } from "../unit/protocol/peer.js";
import { buildPeer } from "./cargo.js";
import { type Missing, run, startPeer } from "./peer.js";
import { prometheusClient } from "./prometheus_client.js";

interface Converter {
  readonly script: string;
  readonly pythonPath: string;
}

async function converter(): Promise<Converter | Missing> {
  const built = await buildPeer();
  if ("missing" in built) return built;
  const metadata = await run("cargo", ["metadata", "--format-version", "1", "--offline"], { cwd: import.meta.dirname });
  const packages = JSON.parse(metadata.stdout).packages as { id: string; name: string; manifest_path: string }[];
  const scripts = packages
    .filter(({ name }) => name === "scx_stats")
    .map(({ manifest_path }) => join(dirname(manifest_path), "scripts/scxstats_to_openmetrics.py"));
  const script = scripts.find((path) => existsSync(path));
  if (script === undefined) return { missing: "crate scx_stats brings no scripts/scxstats_to_openmetrics.py" };
  const got = await prometheusClient();
  return "missing" in got ? got : { script, ...got };
}

let found: Converter | Missing;

beforeAll(async () => {
  found = await converter();
  if ("missing" in found) console.warn(`interop skipped: ${found.missing}`);
}, 900_000);

beforeEach((context) => {
  if ("missing" in found) context.skip(found.missing);
});

/** The samples of the script's first two rounds: lines such as `d_events{domain_name="3"} 5678.0`. */
async function convert(path: string): Promise<string[]> {
  const { script, pythonPath } = found as Converter;
  const env = { ...process.env, PYTHONPATH: pythonPath };
  let rounds = 0;
  const { peer, found: output } = await startPeer(
    "python3",
    ["-u", script, "--path", path, "--intv", "0.05"],
    (text) => {
      rounds = text.split(/^# HELP (?:d_events|local) /m).length - 1;
      return rounds === 2 ? text : undefined;
    },
    { env },
  );
  await peer.kill();
  return output.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("a scheduler's counters and gauges", async () => {
  const sampler = new FakeSampler();
  Object.assign(sampler, { local: 806n, depth: -3n });
  await using server = await StatsServer.listen({ path: join(scratch(onTestFinished), "stats"), sampler });
  const samples = await convert(server.path);
  expect(samples).toContain("local 806.0");
  expect(samples).toContain("depth -3.0");
  // The reading's time is marked as no metric.
  expect(samples.filter((line) => line.startsWith("at"))).toEqual([]);
});

test("a dictionary of structs, with the prefix and label that they ask for", async () => {
  const path = join(scratch(onTestFinished), "stats");
  await using server = await StatsServer.listen({ path, targets: { top: clusterTarget() } });
  const samples = await convert(server.path);
  expect(samples).toEqual(
    expect.arrayContaining([
      'd_events{domain_name="0"} 1234.0',
      'd_events{domain_name="3"} 5678.0',
      'd_pressure{domain_name="0"} 1.234',
      'd_pressure{domain_name="3"} 5.678',
      "at 12345.0",
    ]),
  );
});
