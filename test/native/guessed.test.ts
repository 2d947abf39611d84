// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/diagnostics.js";
import { BpfObject, type LoadedObject, Sampler, type StatsMap } from "../../src/index.js";
import { cpuIds } from "../../src/kernel/cpus.js";
import { testObject } from "../objects.js";

const load = async (stats?: StatsMap["stats"]) =>
  (await BpfObject.open(testObject("guessed"))).load(stats && { statsMap: { stats } });
const sampling = (loaded: LoadedObject) => new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["cpu"] });
const count = (loaded: LoadedObject, row: number, n: bigint) =>
  expect(loaded.run("count_row", { row: BigInt(row), n }).status).toBe(0);
/** Whether all of its rows may be CPUs'. */
const isLarge = cpuIds() >= 64;
const guesses = ({ problems }: Sampler) =>
  problems.map(({ message }) => message).filter((message) => message.includes("was taken for rows of CPUs"));

describe("a global array that looks as if it had a row for each CPU", () => {
  let loaded: LoadedObject;
  const logged: string[] = [];
  const onRecord = (record: unknown) => logged.push((record as LogRecord).text);
  beforeEach(async () => {
    loaded = await load();
    logged.length = 0;
    subscribe("scxkit:log", onRecord);
  });
  afterEach(() => {
    unsubscribe("scxkit:log", onRecord);
    loaded.close();
  });

  it("is that, while there is nothing in rows that are no CPU's", () => {
    const sampler = sampling(loaded);
    const consumer = sampler.consumer();
    count(loaded, 0, 3n);
    expect(consumer.read().stats.layer_stats_1).toEqual({ total: 3n, delta: 3n });
    count(loaded, Math.min(cpuIds(), 64) - 1, 4n);
    const { stats, by } = consumer.read();
    expect(stats.layer_stats_1).toEqual({ total: 7n, delta: 4n });
    const cpus = Object.values(by?.cpu ?? {}).map(({ layer_stats_1 }) => (layer_stats_1 as { total: bigint }).total);
    expect(cpus.reduce((sum, total) => sum + total, 0n)).toBe(7n);
    expect(guesses(sampler)).toEqual([]);
  });

  it.skipIf(isLarge)("loses nothing where it isn't, and that is told", () => {
    const sampler = sampling(loaded);
    const consumer = sampler.consumer();
    count(loaded, 0, 3n);
    count(loaded, 63, 5n);
    const { stats, by } = consumer.read();
    expect(stats.layer_stats_1).toEqual({ total: 8n, delta: 8n });
    expect(Object.keys(by?.cpu ?? {})).toHaveLength(cpuIds());
    expect(by?.cpu?.["0"]?.layer_stats_1).toEqual({ total: 3n, delta: 3n });
    loaded.close();
    expect(guesses(sampler)).toEqual([expect.stringMatching(/^layer_stats .* can be\.\n.*percpu/), expect.anything()]);
  });

  it.skipIf(isLarge)("is told of in the log, once, whenever it turns out", () => {
    const sampler = sampling(loaded);
    const told = () => logged.filter((text) => text.startsWith("layer_stats was taken for rows of CPUs"));
    sampler.totals();
    expect(told()).toEqual([]);
    count(loaded, 63, 5n);
    for (let reading = 0; reading < 64; reading++) loaded.stats.refresh();
    expect(told()).toHaveLength(1);
  });

  it.skipIf(isLarge)("has rows that nobody adds up for a guess, which is told as well", () => {
    const sampler = sampling(loaded);
    count(loaded, 1, 3n);
    count(loaded, 63, 5n);
    expect(sampler.totals().stats.words_7).toMatchObject({ total: 3n });
    expect(guesses(sampler)).toContainEqual(expect.stringMatching(/^many_stats .* aren't read\.\n/));
  });
});

it.skipIf(isLarge).each([
  ["has a row for each", true, { layer_stats_1: 3n }],
  ["hasn't", false, { layer_stats_0_1: 3n, layer_stats_63_1: 5n }],
])("of what a statistics map says that it %s, nothing is guessed", async (_, percpu, totals) => {
  const loaded = await load({ layer_stats: { percpu } });
  const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 });
  count(loaded, 0, 3n);
  count(loaded, 63, 5n);
  const { stats } = sampler.totals();
  for (const [name, total] of Object.entries(totals)) expect(stats[name]).toMatchObject({ total });
  expect(sampler.problems).toEqual([]);
  loaded.close();
});

it("counters in a CPU's context that was found by itself aren't zeroed, with all that stands beside them", async () => {
  const loaded = await load();
  expect(() => new Sampler(loaded.stats, { intervalMs: 1, mode: "zero" })).toThrowError(
    expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED", message: expect.stringContaining(": cpu_ctxs.now ") }),
  );
  loaded.close();
});
