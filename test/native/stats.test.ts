// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { Sampler } from "../../src/sampler/sampler.js";
import type { LoadedObject } from "../../src/scheduler/loaded.js";
import type { CounterValue, HistogramValue, Sample } from "../../src/stats/schema.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("count"))).load();
});
afterEach(() => loaded.close());

const count = (program: string, n: bigint) => {
  const context = new BigUint64Array([n]);
  expect(loaded.run(program, new Uint8Array(context.buffer))).toBe(0);
};
const counter = (sample: Sample, name: string) => sample.stats[name] as CounterValue;

describe("a per-CPU map, against a program that knows the truth", () => {
  it("has names, kinds, units and meanings from BTF", () => {
    expect(loaded.stats.schema).toEqual({
      name: "count_stats",
      stats: [
        { name: "events", kind: "counter", desc: "events counted plainly" },
        { name: "bytes", kind: "counter", unit: "bytes", desc: "bytes counted plainly, 100 with each event" },
        { name: "shared", kind: "counter", desc: "events counted atomically" },
        {
          name: "odd",
          kind: "counter",
          desc: "odd values observed",
          family: { name: "observed", labels: { parity: "odd" } },
        },
        {
          name: "even",
          kind: "counter",
          desc: "even values observed",
          family: { name: "observed", labels: { parity: "even" } },
        },
        { name: "sizes", kind: "histogram", unit: "bytes", desc: "values observed" },
        { name: "level", kind: "gauge", desc: "the level that was set last, summed over CPUs" },
      ],
    });
  });

  it("counts exactly, for every consumer by its own baseline", () => {
    const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 }); // always read afresh
    const [all, each] = [sampler.consumer(), sampler.consumer()];
    let truth = 0n;
    for (let n = 1n; n <= 200n; n++) {
      count("count_plain", n);
      count("count_atomic", 2n * n);
      truth += n;
      const sample = each.read();
      expect(counter(sample, "events")).toEqual({ total: truth, delta: n });
      expect(counter(sample, "bytes")).toEqual({ total: truth * 100n, delta: n * 100n });
      expect(counter(sample, "shared")).toEqual({ total: truth * 2n, delta: 2n * n });
    }
    expect(counter(all.read(), "events")).toEqual({ total: truth, delta: truth });
  });

  it("puts each value of a histogram into its bucket", () => {
    const consumer = new Sampler(loaded.stats, { intervalMs: 1e-6 }).consumer();
    const values = [0n, 1n, 2n, 3n, 4n, 7n, 8n, 1023n, 1024n, 2n ** 32n, 2n ** 62n - 1n, 2n ** 62n, 2n ** 64n - 1n];
    const buckets = new Array<bigint>(64).fill(0n);
    let sum = 0n;
    for (const value of values) {
      count("observe", value);
      const bucket = value === 0n ? 0 : Math.min(63, value.toString(2).length);
      buckets[bucket] = (buckets[bucket] ?? 0n) + 1n;
      sum = BigInt.asUintN(64, sum + value);
    }
    const all = { count: BigInt(values.length), sum, buckets };
    expect(consumer.read().stats.sizes).toEqual({ ...all, delta: all });
    count("observe", 5n);
    const { count: number, delta } = consumer.read().stats.sizes as HistogramValue;
    expect([number, delta.count, delta.sum, delta.buckets[3]]).toEqual([all.count + 1n, 1n, 5n, 1n]);
    count("observe_atomic", 5n);
    expect((consumer.read().stats.sizes as HistogramValue).delta).toEqual(delta);
    const { odd, even } = consumer.read().stats;
    const isOdd = (value: bigint) => value % 2n === 1n;
    const seen = [...values, 5n];
    expect(odd).toMatchObject({ total: BigInt(seen.filter(isOdd).length) });
    expect(even).toMatchObject({ total: BigInt(seen.filter((value) => !isOdd(value)).length) });
  });

  it("shows a gauge's value, not a sum over time", () => {
    const consumer = new Sampler(loaded.stats, { intervalMs: 1e-6 }).consumer();
    for (const level of [7n, 3n, 3n]) {
      count("set_level", level);
      consumer.read();
    }
    // Set on whichever CPU we ran on; on another one an earlier level may stand.
    const { value } = consumer.read().stats.level as { value: bigint };
    expect([3n, 6n, 10n]).toContain(value);
  });

  it("says that it is closed", () => {
    const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 });
    sampler.totals();
    loaded.close();
    expect(() => sampler.totals()).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
  });
});

describe("reset in the kernel", () => {
  it("isn't to be had without its program; all else is", async () => {
    const object = await BpfObject.open(testObject("count"));
    object.setProgram("scx_stats_reset", "off");
    await using without = await object.load();
    expect(new Sampler(without.stats, { intervalMs: 1 }).totals().stats.events).toEqual({ total: 0n, delta: 0n });
    expect(() => without.stats.clearInKernel("reset")).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED" }),
    );
  });

  it("hands out every event once, however many reset", () => {
    const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6, mode: "reset" });
    const consumer = sampler.consumer();
    const other = new BigUint64Array(loaded.stats.words.length);
    let truth = 0n;
    let ours = 0n;
    let theirs = 0n;
    for (let n = 1n; n <= 100n; n++) {
      count("count_plain", n);
      truth += n;
      if (n % 3n === 0n) {
        expect(loaded.run("scx_stats_reset", new Uint8Array(other.buffer))).toBe(0);
        theirs += other[0] ?? 0n;
      } else ours += counter(consumer.read(), "events").delta;
    }
    ours += counter(consumer.read(), "events").delta;
    expect(theirs).toBeGreaterThan(0n);
    expect(ours + theirs).toBe(truth);
    expect(counter(consumer.read(), "events")).toEqual({ total: ours, delta: 0n });
  });

  it("leaves the counters themselves alone: plain readers see all", () => {
    const plain = new Sampler(loaded.stats, { intervalMs: 1e-6 }).totals();
    expect(counter(plain, "events").total).toBe(0n);
    count("count_plain", 41n);
    loaded.run("scx_stats_reset", new Uint8Array(loaded.stats.words.byteLength));
    expect(counter(new Sampler(loaded.stats, { intervalMs: 1e-6 }).totals(), "events").total).toBe(41n);
  });

  it("is refused where the object brings no baseline", async () => {
    const object = await (await BpfObject.open(testObject("plain"))).load();
    expect(() => new Sampler(object.stats, { intervalMs: 1, mode: "reset" })).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED" }),
    );
    object.close();
  });
});

it("reads 256 counters in their order", async () => {
  const wide = await (await BpfObject.open(testObject("wide"))).load();
  const n = 1000n;
  wide.run("count_wide", new Uint8Array(new BigUint64Array([n]).buffer));
  const sample = new Sampler(wide.stats, { intervalMs: 1e-6 }).totals();
  expect(Object.values(sample.stats)).toEqual(
    Array.from({ length: 256 }, (_, i) => ({ total: n * BigInt(i + 1), delta: n * BigInt(i + 1) })),
  );
  expect(Object.keys(sample.stats)[255]).toBe("cff");
  wide.close();
});
