// SPDX-License-Identifier: MIT
// Schedulers that nobody here wrote: the kernel tree's own, which `make peers` builds outside the checkout with their loaders.
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { release, tmpdir } from "node:os";

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type CounterValue,
  inspectObject,
  runningScheduler,
  type Sample,
  Sampler,
  type StatsMap,
} from "../../src/index.js";
import { pinned, settingsOf } from "../peers/settings.js";
import { kernelIsFree, load, Running, scxkit } from "./process.js";

const folder = join(process.env.SCXKIT_PEERS ?? "", release());
const objectOf = (name: string) => join(folder, `${name}.bpf.o`);

/** What a loader prints of its counters, and how they are called. */
interface Peer {
  name: string;
  prints: RegExp;
  counters: readonly string[];
  /** Its map of counters has names in its source's comments only. */
  statsMap?: StatsMap;
}

const peers: Peer[] = [
  {
    name: "scx_simple",
    prints: /^local=(\d+) global=(\d+)$/,
    counters: ["local", "global"],
    statsMap: { stats: { stats: { names: ["local", "global"] } } },
  },
  { name: "scx_qmap", prints: /^stats {2}: enq=(\d+) dsp=(\d+) /, counters: ["nr_enqueued", "nr_dispatched"] },
  { name: "scx_central", prints: /^total +: *(\d+) +local: *(\d+) /, counters: ["nr_total", "nr_locals"] },
];

const started: Running[] = [];
let work: Disposable;
beforeEach(() => {
  work = load();
  return () => work[Symbol.dispose]();
});
afterEach(async () => {
  for (const run of started.splice(0)) run.kill("SIGKILL");
  await kernelIsFree();
});
const start = (run: Running): Running => {
  started.push(run);
  return run;
};
const totals = (sample: Sample, names: readonly string[]) =>
  names.map((name) => (sample.stats[name] as CounterValue).total);

/** Skips where there is nothing to compare with. */
async function requirePeer({ name, counters, statsMap }: Peer, skip: (when: boolean, why: string) => void) {
  skip(!existsSync(objectOf(name)), `no ${name} of ${release()}: make peers builds the kernel tree's schedulers`);
  const { stats, kernel } = await inspectObject(objectOf(name));
  const broken = kernel.kfuncs.filter((one) => one.broken && !one.weak).map((one) => `${one.name}()`);
  skip(broken.length > 0, `${name} calls ${broken.join(", ")}, which this kernel describes as nobody can call it`);
  const known = statsMap || counters.every((counter) => stats?.stats.some((stat) => stat.name === counter));
  skip(!known, `${name} of this kernel keeps its counters in an arena`);
}

describe.each(peers)("$name", (peer) => {
  const { name, prints, counters, statsMap } = peer;
  const mapping = () => {
    if (!statsMap) return [];
    const file = join(mkdtempSync(join(tmpdir(), "scxkit-")), "map.json");
    writeFileSync(file, JSON.stringify(statsMap));
    return ["--stats-map", file];
  };

  it("run by scxkit: its counters are found by name, and grow", async ({ skip }) => {
    await requirePeer(peer, skip);
    const command = ["run", objectOf(name), "--json", "--stats", "0.5", "--socket", "none", ...mapping()];
    const [file = "", ...args] = [
      ...pinned(name),
      ...[process.execPath, join(process.cwd(), "dist/cli/main.js"), ...command],
      ...(await settingsOf(objectOf(name), name)),
    ];
    const run = start(new Running(file, args));
    const counted = new RegExp(`"${counters[0]}":\\{"total":[1-9]\\d*,"delta":[1-9]`);
    await run.line(counted);
    await run.line(counted, run.lines.length);
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    const samples = run.lines.map((line) => JSON.parse(line)).filter((line) => "stats" in line);
    let sum = 0;
    for (const { stats } of samples) {
      sum += stats[counters[0] as string].delta;
      expect(stats[counters[0] as string].total).toBe(sum);
    }
  });

  it("run by its own loader: scxkit stats shows what the loader itself prints", async ({ skip }) => {
    await requirePeer(peer, skip);
    const loader = start(new Running(join(folder, name), []));
    const printed = async (from: number) => {
      const line = await loader.line(prints, from);
      return (prints.exec(line) ?? []).slice(1).map(BigInt);
    };
    await printed(0);
    using running = runningScheduler(undefined, { statsMap });
    const sampler = new Sampler(running.stats, { intervalMs: 1e-6 }); // always read afresh
    const consumer = sampler.consumer();
    let sum: bigint | undefined;
    for (let round = 0; round < 3; round++) {
      const before = await printed(loader.lines.length);
      const sample = consumer.read();
      const ours = totals(sample, counters);
      const after = await printed(loader.lines.length);
      counters.forEach((_, i) => {
        expect(ours[i]).toBeGreaterThanOrEqual(before[i] ?? 0n);
        expect(ours[i]).toBeLessThanOrEqual(after[i] ?? 0n);
      });
      const { total, delta } = sample.stats[counters[0] as string] as CounterValue;
      sum = (sum ?? total - delta) + delta; // what was counted before we came is in no delta
      expect(ours[0]).toBe(sum);
    }
    expect(sum).toBeGreaterThan(0n);
    const before = await printed(loader.lines.length);
    const once = scxkit("stats", "--once", "--json", ...mapping());
    expect(await once.end()).toBe(0);
    const shown = counters.map((counter) => BigInt(JSON.parse(once.lines[0] ?? "{}").stats[counter].total));
    const after = await printed(loader.lines.length);
    expect(shown.every((value, i) => value >= (before[i] ?? 0n) && value <= (after[i] ?? 0n))).toBe(true);
    loader.kill("SIGINT");
    await loader.end();
    await running.stats.ended;
    expect(running.stats.state()).toBe("disabled");
  });
});

it("an object of theirs is typed and inspected without a kernel's help", async ({ skip }) => {
  skip(!existsSync(objectOf("scx_central")), "no scx_central of this kernel: make peers builds it");
  using object = await BpfObject.open(objectOf("scx_central"));
  const { stats, statPlaces } = await inspectObject(objectOf("scx_central"));
  expect(statPlaces?.map(({ place }) => place)).toEqual(expect.arrayContaining(["nr_total", "nr_locals"]));
  expect(stats?.stats.find((stat) => stat.name === "nr_queued")?.kind).toBe("gauge");
  expect("nr_total" in object.globals).toBe(true);
});
