// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readRecording, StatsClient, schemaOf } from "../../src/index.js";
import { kernelIsFree, load, type Running, scxkit } from "./process.js";

const started: Running[] = [];
let folder: string;
let work: Disposable;
beforeEach(() => {
  work = load();
  folder = mkdtempSync(join(tmpdir(), "scxkit-"));
});
afterEach(async () => {
  for (const run of started.splice(0)) run.kill("SIGKILL");
  work[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
  await kernelIsFree();
});

const start = (...args: string[]): Running => {
  const run = scxkit(...args);
  started.push(run);
  return run;
};

it("what a real scheduler serves: monitored, relayed, recorded, replayed, and held against the protocol", async () => {
  const [socket, relayed, replayed] = ["stats", "relay", "replay"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const record = join(folder, "record");
  // The monitor is there first, and waits.
  const monitor = start("monitor", "0.3", "--socket", socket);
  await monitor.error(/There is no .* It is waited for\.$/);
  const run = start("run", "simple", "--stats", "0.3", "--json", "--socket", socket);
  await run.line(/"state":"enabled"/);
  await monitor.line(/^TIME +busy +dispatched +expired +global +local$/);
  // Its counters grow, and so says the monitor.
  await monitor.line(/^\d\d:\d\d:\d\d .*\(\+[1-9]\d*\)$/);

  const relay = start("relay", "-v", "--from", socket, "--socket", relayed, "--interval", "0.3", "--record", record);
  await relay.error(/listening at/);
  // All rules for the scheduler itself; an emulated machine takes its time, and a relay is held against them all elsewhere.
  const few = ["one-reply", "reply-described", "own-baseline", "several-clients"].flatMap((name) => ["--check", name]);
  for (const checked of [[socket], [relayed, ...few]]) {
    const conform = scxkit("conform", ...checked, "--timeout", "60", "--json");
    const status = await conform.end();
    const results = conform.lines.map((line) => JSON.parse(line));
    expect(results.filter(({ outcome }) => outcome !== "passed")).toEqual([]); // it says more than the status does
    expect(status).toBe(0);
  }

  // Totals only grow: what the relay tells lies between what the scheduler itself tells before and after.
  const local = async (path: string) => {
    await using client = await StatsClient.connect(path);
    const { local } = await client.stats(schemaOf(await client.meta()));
    return local as bigint;
  };
  const before = await local(socket);
  await expect.poll(() => local(relayed), { timeout: 30_000 }).toBeGreaterThanOrEqual(before);
  const told = await local(relayed); // which the scheduler has told it by now
  expect(await local(socket)).toBeGreaterThanOrEqual(told);

  // The scheduler leaves: the relay says so, the monitor waits, the recording stays.
  run.kill("SIGINT");
  await run.end();
  await monitor.error(/(closed the connection|is gone.*)\. It is waited for\.$/);
  const away = scxkit("monitor", "--once", "--socket", relayed);
  expect(await away.end()).toBe(69);
  expect(away.stderr).toContain("errno 107: The scheduler behind this relay is away");
  for (const watcher of [monitor, relay]) {
    watcher.kill("SIGINT");
    expect(await watcher.end()).toBe(0);
  }

  const exchanges = await readRecording(record);
  const last = exchanges.findLast(({ request }) => request.req === "stats");
  expect(readFileSync(record, "utf8")).toContain(`"reply":${last?.line}}\n`);
  const replay = start("replay", "-v", record, "--socket", replayed, "--loop");
  await replay.error(/listening at/);
  const once = scxkit("monitor", "--once", "--json", "--socket", replayed);
  expect(await once.end()).toBe(0);
  const seen = exchanges.map(({ line }) => line).filter((line) => line.includes(once.lines[0] ?? "nothing"));
  expect(seen).not.toEqual([]);
  const meta = scxkit("monitor", "--meta", "--socket", replayed);
  expect(await meta.end()).toBe(0);
  expect(meta.lines[0]).toMatch(/^\[simple_stats/);
}, 600_000);
