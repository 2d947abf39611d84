// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Tracker } from "../../../src/counters/tracker.js";
import { groupNames, standardLabels, ValueSampler } from "../../../src/index.js";
import type { SchedulerEvents } from "../../../src/kernel/sched_ext.js";
import { CpuSource } from "../../../src/source/cpu.js";
import { EventsSource } from "../../../src/source/events.js";
import { checkedGroups } from "../../../src/source/group.js";
import { groupSource } from "../../../src/source/groups.js";
import { PressureSource } from "../../../src/source/pressure.js";
import { SelfSource } from "../../../src/source/self.js";
import type { StatValues } from "../../../src/stats/schema.js";

/** A folder with these files. */
function folder(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "scxkit-source-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

/** Four CPUs, two a cache, of which the last is offline; the first has cpufreq. */
const sys = {
  "cpu/cpu0/cpufreq/scaling_cur_freq": "2400000\n",
  "cpu/cpu0/cache/index3/level": "3\n",
  "cpu/cpu0/cache/index3/shared_cpu_list": "0-1\n",
  "cpu/cpu1/cache/index3/level": "3\n",
  "cpu/cpu1/cache/index3/shared_cpu_list": "0-1\n",
  "cpu/cpu2/cache/index3/level": "3\n",
  "cpu/cpu2/cache/index3/shared_cpu_list": "2-3\n",
  "node/node0/cpulist": "0-3\n",
};
const statText = (cpus: Record<string, string>) =>
  ["cpu  1 2 3 4 5 6 7 8 9 10", ...Object.entries(cpus).map(([cpu, ticks]) => `cpu${cpu} ${ticks}`), "intr 5 0 0"].join(
    "\n",
  );

describe("group cpu", () => {
  it("has each online CPU's and cache's times in ns, and shares from the second reading on", () => {
    const root = folder({
      ...sys,
      stat: statText({ 0: "10 2 5 100 3 1 1 4 0 0", 1: "1 0 1 10 0 0 0 0 0 0", 2: "0 0 0 7 0 0 0 0 0 0" }),
    });
    const source = new CpuSource({ proc: root, sys: root });
    const first = source.read();
    expect(first.cpu).toEqual(
      new Map([
        [
          0n,
          {
            busy: 190_000_000n,
            user: 120_000_000n,
            system: 50_000_000n,
            irq: 20_000_000n,
            steal: 40_000_000n,
            idle: 1_000_000_000n,
            iowait: 30_000_000n,
            frequency: 2_400_000_000n,
          },
        ],
        [1n, expect.objectContaining({ busy: 20_000_000n })],
        [2n, expect.objectContaining({ idle: 70_000_000n })],
      ]),
    );
    expect((first.cpu as Map<bigint, object>).get(1n)).not.toHaveProperty("frequency");
    expect((first.cpu as Map<bigint, object>).get(1n)).not.toHaveProperty("use");
    expect(first.llc).toEqual(
      new Map([
        ["0-1", expect.objectContaining({ cpus: 2n, busy: 210_000_000n, idle: 1_100_000_000n })],
        ["2-3", expect.objectContaining({ cpus: 1n, busy: 0n })],
      ]),
    );
    expect(first.node).toEqual(new Map([["0", expect.objectContaining({ cpus: 3n })]]));

    // 3 ticks busy and 1 idle; the second all idle, the third nothing at all.
    const next = { 0: "13 2 5 101 3 1 1 4 0 0", 1: "1 0 1 14 0 0 0 0 0 0", 2: "0 0 0 7 0 0 0 0 0 0" };
    writeFileSync(join(root, "stat"), statText(next));
    const second = source.read();
    const use = (domain: string, key: unknown) => (second[domain] as Map<unknown, { use?: number }>).get(key)?.use;
    expect([use("cpu", 0n), use("cpu", 1n), use("cpu", 2n)]).toEqual([0.75, 0, undefined]);
    expect(use("llc", "0-1")).toBe(3 / 8);

    const deltas = new Tracker();
    const idle = (values: object) => {
      const { cpu } = deltas.read(source.schema, values as Record<string, unknown>);
      const one = cpu && "entries" in cpu ? cpu.entries[1] : undefined;
      return one && "fields" in one ? one.fields.idle : undefined;
    };
    idle(first);
    expect(idle(second)).toEqual({ total: 140_000_000n, delta: 40_000_000n });
    idle({ ...second, cpu: new Map() }); // switched off
    expect(idle(second)).toEqual({ total: 140_000_000n, delta: 0n });
  });

  it("counts what a node did once, whichever of its CPUs are there", () => {
    const cpu = (busy: number) => `${busy} 0 0 ${busy} 0 0 0 0 0 0`;
    const root = folder({ ...sys, stat: statText({ 0: cpu(100), 1: cpu(200) }) });
    const source = new CpuSource({ proc: root, sys: root });
    const tracker = new Tracker({ together: false });
    const read = (cpus: Record<string, string>) => {
      writeFileSync(join(root, "stat"), statText(cpus));
      const { node } = tracker.read(source.schema, source.read());
      const { busy, cpus: online } =
        (node as { entries: Record<string, { fields: StatValues }> }).entries["0"]?.fields ?? {};
      return [(online as { value: bigint }).value, (busy as { delta: bigint }).delta / 10_000_000n];
    };
    expect(read({ 0: cpu(100), 1: cpu(200) })).toEqual([2n, 0n]);
    expect(read({ 0: cpu(101) })).toEqual([1n, 1n]);
    expect(read({ 0: cpu(103) })).toEqual([1n, 2n]);
    expect(read({ 0: cpu(103), 1: cpu(207) })).toEqual([2n, 7n]);
    // One that comes for the first time was at work before, perhaps.
    expect(read({ 0: cpu(104), 1: cpu(208), 2: cpu(1000) })).toEqual([3n, 2n]);
    expect(read({ 0: cpu(104), 1: cpu(208), 2: cpu(1005) })).toEqual([3n, 5n]);
  });

  it("never lets idle time go back, and knows a CPU again", () => {
    const root = folder({ ...sys, stat: statText({ 0: "1 0 0 100 50 0 0 0 0 0", 1: "5 0 0 9 0 0 0 0 0 0" }) });
    const source = new CpuSource({ proc: root, sys: root });
    const read = (cpus: Record<string, string>) => {
      writeFileSync(join(root, "stat"), statText(cpus));
      return source.read().cpu as Map<bigint, { idle: bigint; iowait: bigint; use?: number }>;
    };
    source.read();
    expect(read({ 0: "1 0 0 101 49 0 0 0 0 0" }).get(0n)).toMatchObject({ idle: 1_010_000_000n, iowait: 500_000_000n });
    const back = read({ 0: "1 0 0 101 49 0 0 0 0 0", 1: "5 0 0 8 0 0 0 0 0 0" });
    expect(back.get(1n)).toMatchObject({ idle: 90_000_000n });
    expect(back.get(1n)).not.toHaveProperty("use");
  });

  it("reads this machine", () => {
    const source = new CpuSource();
    const { cpu } = source.read() as { cpu: Map<bigint, object> };
    expect(cpu.size).toBe(Number(standardLabels(["cpus"]).cpus));
  });
});

describe("group pressure", () => {
  const text =
    "some avg10=1.50 avg60=0.45 avg300=12.34 total=246377066\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";

  it("has the resources that the kernel has, as shares and ns", () => {
    const source = new PressureSource(folder({ io: text, irq: text.slice(text.indexOf("full")) }));
    expect(source.read()).toEqual({
      io_some: 246_377_066_000n,
      io_some_avg10: 0.015,
      io_some_avg60: 0.0045,
      io_some_avg300: 0.1234,
      io_full: 7000n,
      io_full_avg10: 0,
      io_full_avg60: 0,
      io_full_avg300: 0,
      irq_full: 7000n,
      irq_full_avg10: 0,
      irq_full_avg60: 0,
      irq_full_avg300: 0,
    });
    expect(source.schema.stats.map(({ name }) => name)).toEqual(Object.keys(source.read() as object));
    expect(source.schema.stats[8]).toMatchObject({
      name: "irq_full",
      kind: "counter",
      unit: "ns",
      family: { name: "pressure_stalled", labels: { resource: "irq", extent: "full" } },
    });
  });

  it("has nothing where the kernel hasn't, and follows a file that goes", () => {
    expect(new PressureSource("/nowhere").read()).toBeUndefined();
    const root = folder({ io: text, cpu: text });
    const source = new PressureSource(root);
    rmSync(join(root, "cpu"));
    source.read();
    expect(source.schema.stats.map(({ name }) => name)).not.toContain("cpu_some");
  });
});

describe("group events", () => {
  it("has whatever the kernel counts, by its names", () => {
    let events: Record<string, bigint> = {};
    const source = new EventsSource(() => ({ scheduler: 1n, events }));
    expect(source.read()).toBeUndefined();
    events = { SCX_EV_SELECT_CPU_FALLBACK: 3n, SCX_EV_NEW: 1n };
    expect(source.read()).toEqual(events);
    const { schema } = source;
    expect(schema.stats[1]).toMatchObject({
      name: "SCX_EV_NEW",
      kind: "counter",
      family: { name: "events", labels: { event: "SCX_EV_NEW" } },
    });
    events = { SCX_EV_SELECT_CPU_FALLBACK: 4n, SCX_EV_NEW: 1n };
    source.read();
    expect(source.schema).toBe(schema);
  });

  it("goes on counting with the next scheduler, whether or not a reading fell between them", () => {
    let now: SchedulerEvents = { scheduler: 1n, events: { SCX_EV_NEW: 5n } };
    const sampler = new ValueSampler(new EventsSource(() => now), { intervalMs: 1 });
    const next = (scheduler?: bigint, counted = 0n) => {
      now = { scheduler, events: scheduler === undefined ? {} : { SCX_EV_NEW: counted } };
      return sampler.refresh().stats.SCX_EV_NEW;
    };
    expect(next(1n, 5n)).toEqual({ total: 5n, delta: 0n });
    expect(next(1n, 6n)).toEqual({ total: 6n, delta: 1n });
    expect([next(), next()]).toEqual([undefined, undefined]);
    expect(next(2n, 10n)).toEqual({ total: 16n, delta: 10n }); // of one that began at 0
    expect(next(3n, 2n)).toEqual({ total: 18n, delta: 2n });
    expect(next()).toBeUndefined();
    expect(next(4n, 1n)).toEqual({ total: 19n, delta: 1n });
  });

  it("knows another scheduler by itself, not by counters that fell", () => {
    let now: SchedulerEvents = { scheduler: 1n, events: { A: 3n, B: 5n } };
    const source = new EventsSource(() => now);
    now = { scheduler: 2n, events: { A: 1n, B: 7n } };
    expect(source.read()).toEqual({ A: 4n, B: 12n });
    now = { scheduler: 3n, events: { A: 9n, B: 8n } };
    expect(source.read()).toEqual({ A: 13n, B: 20n });
    expect(source.read()).toEqual({ A: 13n, B: 20n });
  });
});

describe("group self", () => {
  it("has what the process costs, and of the rest what it is told", () => {
    const plain = new SelfSource().read();
    expect(plain).toMatchObject({ node: process.versions.node, version: expect.stringMatching(/^\d/) });
    expect(plain).not.toHaveProperty("lateness");
    const source = new SelfSource({
      ticks: () => ({ lateness: 7n, missed: 1n }),
      errors: () => 3n,
    });
    expect(source.read()).toMatchObject({ lateness: 7n, ticks_missed: 1n, errors: 3n });
    expect(new Tracker().read(source.schema, source.read()).memory).toEqual({ value: expect.any(BigInt) });
  });
});

describe("groups", () => {
  it("are put in order, and unknown ones are refused", () => {
    expect(checkedGroups(["self", "cpu", "cpu"])).toEqual(["cpu", "self"]);
    expect(() => checkedGroups("cpu" as never)).toThrow(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
    expect(() => checkedGroups(["cpus"])).toThrow(/no group "cpus".*\nThe groups are state, events/);
    for (const name of groupNames) if (name !== "stats") expect(groupSource(name).name).toBe(name);
  });
});

describe("standard labels", () => {
  it("tell this machine from others", () => {
    const labels = standardLabels();
    expect(labels).toMatchObject({ host: hostname(), kernel: release(), scxkit: expect.stringMatching(/^\d/) });
    for (const size of ["cpus", "cores", "llcs", "nodes"]) expect(Number(labels[size])).toBeGreaterThan(0);
    expect(Object.keys(standardLabels(["host"]))).toEqual(["host"]);
  });
});
