// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { declaredTarget, defineStats, schedExt, stat } from "../../../src/index.js";
import { StatsServer } from "../../../src/protocol/server.js";
import { EncodedReply, type Target } from "../../../src/protocol/target.js";
import { structsOf } from "../../../src/stats/meta.js";
import { cli } from "../../objects.js";
import { freePorts } from "../../ports.js";
import { Running } from "../../vm/process.js";
import { scratch } from "../protocol/peer.js";
import { mitosis } from "../sinks/upstream.js";

const cellValues = (num_cpus: bigint) => ({ num_cpus, cgroup_path: "/a", util_pct: 1.5 });

/** A server in scx_mitosis' shape, whose values the test sets. Its first field is what each request counts up. */
function mitosisServer(path: string, state: { cells: Map<bigint, object>; num_cells: bigint }): Promise<StatsServer> {
  const target: Target = {
    meta: structsOf(mitosis),
    open: () => ({
      read: () => new EncodedReply({ num_cells: ++state.num_cells, util_pct: 0.5, cells: state.cells }),
    }),
  };
  return StatsServer.listen({ path, targets: { top: target } });
}

const scxkit = (...args: string[]) => new Running(process.execPath, [cli, ...args]);

async function scrape(url: string, good: (text: string) => boolean): Promise<string> {
  for (;;) {
    const answer = await fetch(url, { headers: { accept: "application/openmetrics-text" } }).catch(() => undefined);
    const text = (await answer?.text()) ?? "";
    if (good(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it("follows a server over its restart: counters by rule go on, what vanishes is gone, lines are whole", async () => {
  const folder = scratch(onTestFinished);
  const [path, out, rules] = ["stats", "out.jsonl", "rules.json"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(rules, JSON.stringify({ stats: { "Metrics.num_cells": { kind: "counter", name: "asked" } } }));
  const [port] = await freePorts(1);
  const exporter = scxkit(
    ...["export", "--socket", path, "--stats", "0.02", "--rules", rules, "--label", "rack=7", "--scheduler", "mitosis"],
    ...["--prometheus-listen", `${port}`, "--to", `jsonl:${out}`],
  );
  onTestFinished(() => exporter.kill("SIGKILL"));
  await exporter.error(/It is waited for/);
  const url = `http://127.0.0.1:${port}/metrics`;
  // While there is nothing else to say.
  await scrape(url, (text) => text.includes('\nscx_up{rack="7"} 0\n'));
  const state = {
    num_cells: 100n,
    cells: new Map([
      [0n, cellValues(4n)],
      [7n, cellValues(2n)],
    ]),
  };
  let server = await mitosisServer(path, state);
  const first = await scrape(url, (text) => text.includes("scx_asked_total"));
  expect(first).toContain("# TYPE scx_asked counter\n");
  expect(first).toContain('\nscx_c_num_cpus{scheduler="mitosis",key="7",rack="7"} 2\n');
  expect(first).toContain('\nscx_util_pct{scheduler="mitosis",rack="7"} 0.5\n');
  expect(first).not.toContain("cgroup_path");
  expect(first).toMatch(/\nscx_sink_written_records_total\{sink="jsonl",rack="7"\} \d+\n/);
  state.cells.delete(7n);
  await scrape(url, (text) => text.includes('key="0"') && !text.includes('key="7"'));
  await scrape(url, (text) => text.includes('\nscx_up{rack="7"} 1\n'));
  // It begins anew with lower numbers: the total goes on.
  await server.close();
  const away = await scrape(url, (text) => text.includes('\nscx_up{rack="7"} 0\n'));
  expect(away).not.toContain("scx_asked_total"); // nothing is known of it now
  const total = (text: string) => Number(/\nscx_asked_total\{[^}]*\} (\d+)/.exec(text)?.[1]);
  const before = Number(state.num_cells);
  state.num_cells = 0n;
  server = await mitosisServer(path, state);
  await scrape(url, (text) => total(text) > before && /scx_restarts_total\{[^}]*\} 1\n/.test(text));
  exporter.kill("SIGTERM");
  expect(await exporter.end()).toBe(0);
  await server.close();
  const lines = readFileSync(out, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const samples = lines.filter(({ stats }) => stats);
  expect(lines.filter(({ away }) => away)).toMatchObject([{ away: { scheduler: "mitosis" }, labels: { rack: "7" } }]);
  expect(samples.length).toBeGreaterThan(2);
  const counts = samples.map(({ stats }) => stats.num_cells);
  for (const [i, { total, delta }] of counts.slice(1).entries()) expect(total - delta).toBe(counts[i].total);
  expect(samples[0]).toMatchObject({ scheduler: "mitosis", labels: { rack: "7" }, epoch: 0 });
  expect(samples.at(-1)).toMatchObject({ epoch: 1 });
  const members = ["at", "interval", "epoch", "scheduler", "state", "stats", "labels"];
  expect(Object.keys(samples[0])).toEqual(members);
});

it("tells that a scheduler is away when another answers in its place by the next sample", async ({ skip }) => {
  skip(schedExt.running() !== undefined, "the scheduler that runs here gives its name to whoever answers");
  const folder = scratch(onTestFinished);
  const [path, out] = [join(folder, "stats"), join(folder, "out.jsonl")];
  const named = (name: string) =>
    declaredTarget(defineStats(name, { [name]: stat.u64("tasks") }, { top: true }), () => ({ [name]: 1n }));
  await using server = await StatsServer.listen({ path, targets: { top: named("one") } });
  const exporter = scxkit("export", "--socket", path, "--stats", "0.02", "--to", `jsonl:${out}`);
  onTestFinished(() => exporter.kill("SIGKILL"));
  const lines = () => (existsSync(out) ? readFileSync(out, "utf8").split("\n") : []);
  await expect.poll(() => lines().some((line) => line.includes('"one"'))).toBe(true);
  const gone = server.removeTarget("top");
  server.addTarget("top", named("two"));
  await gone;
  await expect.poll(() => lines().some((line) => line.includes('"two"'))).toBe(true);
  const first = lines().findIndex((line) => line.includes('"two"'));
  expect(JSON.parse(lines()[first - 1] as string)).toMatchObject({ away: { scheduler: "one" } });
});

it.each([
  ["nowhere to go", ["--socket", "/tmp/x"], 64, /not said where to export to/],
  ["no rules", ["--rules", "/nowhere/x", "--to", "log"], 66, /ERR_SCX_FILE_NOT_FOUND/],
  ["a label twice", ["--label", "a=1", "--label", "a=2", "--to", "log"], 64, /"a" is given twice/],
  ["labels that are one", ["--label", "a.b=1", "--label", "a-b=2", "--to", "log"], 64, /both a_b in metrics/],
  ["a label that is none", ["--label", "x", "--to", "log"], 64, /--label/],
  ["a path too long", ["--socket", `/tmp/${"x".repeat(200)}`, "--to", "log"], 73, /ERR_SCX_SOCKET_PATH/],
])("refuses %s", async (_, args, status, message) => {
  const exporter = scxkit("export", ...args);
  expect(await exporter.end()).toBe(status);
  expect(exporter.stderr).toMatch(message);
});
