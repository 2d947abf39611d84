// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { Sampler } from "../../../src/sampler/sampler.js";
import type { Reader } from "../../../src/source/reader.js";
import { LoadedStats } from "../../../src/source/stats.js";

/** A map that counts by itself, until it is gone. */
class Counting implements Reader {
  readonly stats;
  readonly words = new BigUint64Array(1);
  readonly index = [0];
  gone: Error | undefined;
  constructor(readonly name: string) {
    this.stats = [{ name: `${name}_events`, kind: "counter" as const }];
  }
  take = () => {
    if (this.gone) throw this.gone;
    this.words[0] = (this.words[0] ?? 0n) + 1n;
  };
}

const logged: string[] = [];
const listen = (record: unknown) => void logged.push((record as LogRecord).text);
beforeEach(() => subscribe("scxkit:log", listen));
afterEach(() => {
  unsubscribe("scxkit:log", listen);
  logged.length = 0;
});

const gone = Object.assign(new Error("bpf_map_lookup_batch: no such device"), { errno: 19 });
const [a, b] = ["a_events", "b_events"];

it("one map that can't be read keeps none of the others from it, and is told once", () => {
  const [one, other] = [new Counting("a"), new Counting("b")];
  const sampler = new Sampler(new LoadedStats("mine", () => ({ name: "mine", readers: [one, other] })), {
    intervalMs: 1e-6,
  });
  const consumer = sampler.consumer();
  expect(consumer.read().stats).toEqual({ [a]: { total: 1n, delta: 1n }, [b]: { total: 1n, delta: 1n } });
  other.gone = gone;
  expect(consumer.read().stats).toEqual({ [a]: { total: 2n, delta: 1n }, [b]: { total: 1n, delta: 0n } });
  expect(consumer.read().stats).toEqual({ [a]: { total: 3n, delta: 1n }, [b]: { total: 1n, delta: 0n } });
  expect(sampler.problems).toEqual([
    expect.objectContaining({
      code: "ERR_SCX_MAP_READ",
      errno: 19,
      message: expect.stringMatching(/statistics in b /),
    }),
  ]);
  expect(logged).toEqual(["The statistics in b can't be read: bpf_map_lookup_batch: no such device."]);
  other.gone = undefined;
  expect(consumer.read().stats).toEqual({ [a]: { total: 4n, delta: 1n }, [b]: { total: 2n, delta: 1n } });
  expect(sampler.problems).toEqual([]);
});

it("none that can be read is the sampler's error", () => {
  const [one, other] = [new Counting("a"), new Counting("b")];
  one.gone = other.gone = gone;
  const sampler = new Sampler(new LoadedStats("mine", () => ({ name: "mine", readers: [one, other] })), {
    intervalMs: 1,
  });
  expect(() => sampler.totals()).toThrowError(expect.objectContaining({ code: "ERR_SCX_MAP_READ", errno: 19 }));
});

it("nothing is zeroed to try it, where that comes too late anyway", () => {
  const zeroed: Uint8Array[] = [];
  const reader = Object.assign(new Counting("a"), { zero: (chosen: Uint8Array) => zeroed.push(chosen) });
  const stats = new LoadedStats("mine", () => ({ name: "mine", readers: [reader] }));
  const refused = expect.objectContaining({ code: "ERR_SCX_USAGE" });
  stats.byCpu();
  expect(() => stats.clearInKernel("zero")).toThrowError(refused);
  stats.refresh();
  expect(() => new Sampler(stats, { intervalMs: 1, mode: "zero" })).toThrowError(refused);
  expect(zeroed).toEqual([]);
});
