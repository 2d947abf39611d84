// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject, type LoadedObject, Sampler } from "../../src/index.js";
import { RunStats } from "../../src/source/run.js";
import type { StatsSource } from "../../src/source/stats.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
/** Two counters, in a per-CPU map. */
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("events"))).load();
});
afterEach(() => loaded.close());

const intervalMs = 1e-6; // always read afresh
const count = (n: bigint) => loaded.run("count_events", { n });
const misused = (message: RegExp) =>
  expect.objectContaining({ code: "ERR_SCX_USAGE", message: expect.stringMatching(message) });
const sources: [string, () => StatsSource][] = [
  ["a scheduler's statistics", () => loaded.stats],
  [
    "a run's statistics",
    () => {
      const run = new RunStats();
      run.follow(loaded.stats);
      return run;
    },
  ],
];

describe.each(sources)("%s, once one sampler clears them in the kernel", (_, open) => {
  it.each(["reset", "zero"] as const)("by %s: count the same for another that was there before", (mode) => {
    const source = open();
    const before = new Sampler(source, { intervalMs }).consumer();
    const consumer = new Sampler(source, { intervalMs, mode }).consumer();
    count(100n);
    expect(before.read().stats.plain).toEqual({ total: 100n, delta: 100n });
    const after = new Sampler(source, { intervalMs, mode }).consumer();
    count(5n);
    expect(before.read().stats.plain).toEqual({ total: 105n, delta: 5n });
    expect(consumer.read().stats.plain).toEqual({ total: 105n, delta: 105n });
    expect(after.read().stats.plain).toEqual({ total: 105n, delta: 105n });
  });

  it.each(["reset", "zero"] as const)("by %s: can't be, when they have been read", (mode) => {
    const source = open();
    const consumer = new Sampler(source, { intervalMs }).consumer();
    count(100n);
    expect(consumer.read().stats.plain).toEqual({ total: 100n, delta: 100n });
    expect(() => new Sampler(source, { intervalMs, mode })).toThrowError(misused(/have been read already.*\n.*before/));
    count(5n);
    expect(consumer.read().stats.plain).toEqual({ total: 105n, delta: 5n });
  });

  it("can't be cleared in the other way", () => {
    const source = open();
    const consumer = new Sampler(source, { intervalMs, mode: "reset" }).consumer();
    expect(() => new Sampler(source, { intervalMs, mode: "zero" })).toThrowError(misused(/by mode reset already/));
    count(5n);
    expect(consumer.read().stats.plain).toEqual({ total: 5n, delta: 5n });
    expect(loaded.stats.by?.("cpu").read()).toMatchObject({ 0: { plain: expect.any(BigInt) } });
  });

  it("by zero, have nothing of each CPU; where that is asked for, they aren't zeroed", () => {
    const source = open();
    const consumer = new Sampler(source, { intervalMs, by: ["cpu"] }).consumer();
    const ofCpus = /What each CPU has isn't kept/;
    expect(() => new Sampler(source, { intervalMs, mode: "zero" })).toThrowError(misused(ofCpus));
    count(5n);
    const cpus = Object.values(consumer.read().by?.cpu ?? {});
    expect(cpus.reduce((sum, { plain }) => sum + (plain as { total: bigint }).total, 0n)).toBe(5n);
  });
});

it("statistics that are zeroed have none of each CPU", () => {
  const sampler = new Sampler(loaded.stats, { intervalMs, mode: "zero" });
  expect(() => new Sampler(loaded.stats, { intervalMs, by: ["cpu"] })).toThrowError(misused(/What each CPU has/));
  expect(sampler.by("cpu")?.stats).toEqual([]);
});

it("a run isn't cleared by who was refused", async () => {
  const run = new RunStats();
  const other = await (await BpfObject.open(testObject("events"))).load();
  run.follow(loaded.stats);
  new Sampler(run, { intervalMs }).totals();
  expect(() => new Sampler(run, { intervalMs, mode: "zero" })).toThrowError(misused(/read already/));
  run.leave();
  run.follow(other.stats);
  other.run("count_events", { n: 7n });
  new Sampler(run, { intervalMs }).totals();
  expect(new Sampler(other.stats, { intervalMs }).totals().stats.plain).toEqual({ total: 7n, delta: 7n });
  expect(() => new Sampler(other.stats, { intervalMs, by: ["cpu"] })).not.toThrow();
  other.close();
});
