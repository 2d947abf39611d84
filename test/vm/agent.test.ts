// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { StatsClient, StatsServer } from "../../src/index.js";
import { testObject } from "../objects.js";
import { killed, start } from "./agent.js";
import { kernelState, load } from "./process.js";

afterEach(killed);

interface Document {
  group?: string;
  epoch?: number;
  scheduler?: string;
  stats?: Record<string, { total: number; delta: number }>;
  labels?: Record<string, string>;
  exit?: { kind: string };
  anomaly?: { detector: string; phase: string };
  action?: { what: string; error?: string };
}

const documents = (lines: readonly string[]): Document[] =>
  lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));

const config = `
scheduler: { object: simple, set: { slice_us: 5000 } }
serve: ROOT/stats
intervalMs: 500
groups: [state, events, stats, cpu, self]
labels: { site: a }
standardLabels: [kernel]
sinks:
  - prometheus: { listen: "127.0.0.1:9188" }
  - jsonl: { groups: [stats] }
`;

describe("scxkit agent", () => {
  it("runs a scheduler with Prometheus and JSON lines, and goes on over a reload", async () => {
    using _work = load();
    const { root, run, write } = await start(config);
    await run.line(/"scheduler":"simple"/);
    expect(kernelState()).toBe("enabled");

    const scrape = async () => (await fetch("http://127.0.0.1:9188/metrics")).text();
    let page = await scrape();
    while (!page.includes("scx_cpu_use")) page = await scrape();
    expect(page).toMatch(/^scx_enqueued_total\{.*scheduler="simple".*queue="local".*site="a".*\} [1-9]\d*$/m);
    expect(page).toMatch(/^scx_events_total\{.*event="SCX_EV_\w+"/m);
    expect(page).toMatch(/^scx_sched_ext_enable_seq_total\{/m);
    expect(page).toMatch(/^scx_self_memory_bytes\{/m);
    await using client = await StatsClient.connect(join(root, "stats"));
    expect(await client.request("stats")).toMatchObject({ local: expect.any(BigInt) });
    expect(await client.request("stats", { target: "state" })).toMatchObject({ ops: "simple" });

    // Only now: the kernel counts an enabling a while after it has said that it is enabled.
    const sequence = readFileSync("/sys/kernel/sched_ext/enable_seq", "utf8");
    write("sinks: [nonsense");
    run.kill("SIGHUP");
    await run.error(/the config stays as it was/);
    const before = run.lines.length;
    write(config.replace("site: a", "site: b").replace("intervalMs: 500", "intervalMs: 300"));
    run.kill("SIGHUP");
    await run.error(/was read again/);
    await run.line(/"site":"b"/, before);
    expect(readFileSync("/sys/kernel/sched_ext/enable_seq", "utf8")).toBe(sequence); // not restarted
    expect(await scrape()).toMatch(/site="b"/);

    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
    expect(kernelState()).toBe("disabled");
    const all = documents(run.lines);
    expect(all.at(-1)).toMatchObject({ exit: { kind: "unreg" } });
    expect(new Set(all.flatMap(({ epoch }) => epoch ?? []))).toEqual(new Set([0]));
    const locals = all.flatMap(({ stats }) => (stats?.local ? [stats.local] : []));
    expect(locals.length).toBeGreaterThan(2);
    // Nothing was lost or counted twice, over the reload as well.
    expect(locals.reduce((sum, { delta }) => sum + delta, 0)).toBe(locals.at(-1)?.total);
  });

  it("goes on counting over a reload that is refused, and over one that starts it anew", async () => {
    using _work = load();
    const settings =
      "scheduler: { object: simple, set: { slice_us: 5000 } }\nintervalMs: 200\nsinks: [{ jsonl: { groups: [stats] } }]\n";
    const { root, run, write } = await start(settings);
    await run.line(/"scheduler":"simple"/);
    const sequence = () => readFileSync("/sys/kernel/sched_ext/enable_seq", "utf8");
    await run.line(/"scheduler":"simple"/, run.lines.length);
    const started = sequence();
    write(settings.replace("slice_us: 5000", "nosuch: 5000"));
    run.kill("SIGHUP");
    await run.error(/the config stays as it was/);
    await run.line(/"scheduler":"simple"/, run.lines.length);
    expect(sequence()).toBe(started);

    await using _other = await StatsServer.listen({ path: join(root, "taken"), targets: {} });
    write(`${settings.replace("slice_us: 5000", "slice_us: 6000")}serve: ROOT/taken\n`);
    run.kill("SIGHUP");
    await run.error(/taken/);
    await run.line(/"scheduler":"simple"/, run.lines.length);
    expect(sequence()).toBe(started);

    write(settings.replace("slice_us: 5000", "slice_us: 7000"));
    run.kill("SIGHUP");
    await run.error(/was read again/);
    await run.line(/"epoch":1,"scheduler":"simple","state":"enabled"/, run.lines.length);
    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
    const all = documents(run.lines);
    const local = all.flatMap(({ epoch, stats }) => (stats?.local ? [{ epoch, ...stats.local }] : []));
    expect(new Set(local.map(({ epoch }) => epoch))).toEqual(new Set([0, 1]));
    expect(local.map(({ total }) => total)).toEqual(local.map(({ total }) => total).toSorted((a, b) => a - b));
    expect(local.reduce((sum, { delta }) => sum + delta, 0)).toBe(local.at(-1)?.total);
    expect(all.flatMap(({ exit }) => exit?.kind ?? [])).toEqual(["unreg", "unreg"]);
  });

  it("answers anomalies by what it may: a global is written, another scheduler runs", async () => {
    using _work = load();
    const { run } = await start(`
scheduler: { object: ${testObject("memory")} }
intervalMs: 300
groups: [stats, cpu]
sinks: [{ jsonl: { groups: [stats] } }]
detectors:
  - name: works
    threshold: { metric: cpu.*.busy, above: 0 }
  - name: also
    threshold: { metric: cpu.*.busy, above: 0 }
actuators:
  - set: { global: fail_at, value: 1000000000000 }
    on: [works]
    enabled: true
  - set: { global: in_data, value: 8 }
    on: [works]
  - switch: { object: simple, set: { fifo: true } }
    on: [works]
    enabled: true
  - name: second
    switch: { object: simple, set: { fifo: true } }
    on: [also]
    enabled: true
`);
    await run.line(/"action":\{"actuator":"switch","what":"switch to simple"/);
    await run.line(/"epoch":1,"scheduler":"simple","state":"enabled"/);
    expect(readFileSync("/sys/kernel/sched_ext/root/ops", "utf8").trim()).toBe("simple");
    expect(run.stderr).toMatch(/actuator set: set fail_at to 1000000000000 \(works: cpu\.\d\.busy/);
    expect(run.stderr).toMatch(/actuator set_2 would set in_data to 8, but it is not enabled/);
    const actions = documents(run.lines).flatMap(({ action }) => (action ? [action] : []));
    expect(actions.map(({ what, error }) => [what, error])).toEqual([
      ["set fail_at to 1000000000000", undefined],
      ["switch to simple", "Another switch is under way."], // it was asked for in the same tick
      ["switch to simple", undefined],
    ]);
    // The former one is gone, when the kernel has got round to it.
    const maps = () => execFileSync("bpftool", ["-j", "map", "list"], { encoding: "utf8" });
    await expect.poll(maps, { timeout: 60_000, interval: 200 }).not.toContain("memory.data");
    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
  });

  it("ends with 3 when its scheduler is given up, having said why", async () => {
    using _work = load();
    const { run } = await start(`
scheduler: { object: ${testObject("scx_error")} }
groups: [stats]
sinks: [{ jsonl: }]
`);
    expect(await run.end()).toBe(3);
    expect(documents(run.lines).at(-1)).toMatchObject({ exit: { kind: "error_bpf" } });
  });
});
