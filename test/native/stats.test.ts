// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { Sampler } from "../../src/sampler/sampler.js";
import type { LoadedObject } from "../../src/scheduler/loaded.js";
import type { CounterValue, Sample } from "../../src/stats/schema.js";
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
  it("hands out every event once, however many reset", () => {
    const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6, reset: true });
    const consumer = sampler.consumer();
    const other = new BigUint64Array(4);
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
    loaded.run("scx_stats_reset", new Uint8Array(32));
    expect(counter(new Sampler(loaded.stats, { intervalMs: 1e-6 }).totals(), "events").total).toBe(41n);
  });

  it("is refused where the object brings no baseline", async () => {
    const object = await (await BpfObject.open(testObject("plain"))).load();
    expect(() => new Sampler(object.stats, { intervalMs: 1, reset: true })).toThrowError(
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
