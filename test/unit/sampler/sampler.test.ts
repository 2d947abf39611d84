// SPDX-License-Identifier: MIT
import { getEventListeners } from "node:events";
import { inspect } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { native } from "../../../src/native/index.js";
import { Sampler } from "../../../src/sampler/sampler.js";
import type { Callback } from "../../../src/source/callbacks.js";
import type { StatsSource, Turn } from "../../../src/source/stats.js";
import type { CounterValue, Sample, StatsSchema } from "../../../src/stats/schema.js";
import { FakeClocks, FakeTicker } from "./fake_time.js";

const schema: StatsSchema = {
  name: "fake_stats",
  stats: [
    { name: "events", kind: "counter" },
    { name: "level", kind: "gauge" },
  ],
};

/** A source whose kernel is a field. Words in another order than the statistics, as BTF may have them. */
class FakeSource implements StatsSource {
  readonly schema = schema;
  readonly scheduler = "fake";
  readonly epoch = 0;
  readonly startedAt = process.hrtime.bigint();
  isLate = false;
  readonly words = new BigUint64Array(3);
  readonly index = [2, 0];
  readonly kernel = { events: 0n, level: 0n };
  reads = 0;
  failure: Error | undefined;
  end: () => void = () => {};
  readonly ended = new Promise<void>((resolve) => {
    this.end = resolve;
  });
  state = () => "enabled";
  clearInKernel(): void {}
  refresh(): void {
    if (this.failure) throw this.failure;
    this.reads++;
    this.words[2] = this.kernel.events;
    this.words[0] = BigInt.asUintN(64, this.kernel.level);
  }
}

const events = (sample: Sample) => sample.stats.events as CounterValue;

const { Ticker, Clocks } = native;
let source: FakeSource;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "hrtime", "Date"] });
  Object.assign(native, { Ticker: FakeTicker, Clocks: FakeClocks });
  source = new FakeSource();
});
afterEach(() => {
  Object.assign(native, { Ticker, Clocks });
  vi.useRealTimers();
});

describe("iterating", () => {
  it("gives a sample each interval, deltas from attach on", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const samples = sampler[Symbol.asyncIterator]();
    source.kernel.events = 5n;
    const first = samples.next();
    await vi.advanceTimersByTimeAsync(1000);
    const sample = (await first).value as Sample;
    expect(sample).toMatchObject({ scheduler: "fake", state: "enabled", epoch: 0 });
    expect(events(sample)).toEqual({ total: 5n, delta: 5n });
    expect(sample.interval).toBe(1_000_000_000n);
    source.kernel.events = 12n;
    const second = samples.next();
    await vi.advanceTimersByTimeAsync(1000);
    expect(events((await second).value as Sample)).toEqual({ total: 12n, delta: 7n });
    await samples.return();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("tells who comes late only what is counted from then on, beside all of it", async () => {
    source.isLate = true;
    vi.advanceTimersByTime(3_600_000);
    source.kernel.events = 1000n;
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const all = sampler.totals();
    expect([events(all), all.interval]).toEqual([{ total: 1000n, delta: 1000n }, 3_600_000_000_000n]);
    const samples = sampler[Symbol.asyncIterator]();
    source.kernel.events = 1004n;
    const first = samples.next();
    await vi.advanceTimersByTimeAsync(1000);
    const sample = (await first).value as Sample;
    expect([events(sample), sample.interval]).toEqual([{ total: 1004n, delta: 4n }, 1_000_000_000n]);
    await samples.return();
  });

  it("refuses a mode, domains and options that it doesn't know, before anything is cleared", () => {
    source.clearInKernel = () => expect.unreachable();
    const refused = expect.objectContaining({ code: "ERR_SCX_USAGE" });
    for (const options of [{ mode: "Delta" }, { mode: null }, { by: "llc" }, { mode: "reset", by: ["bogus"] }])
      expect(() => new Sampler(source, { intervalMs: 1, ...options } as never)).toThrow(refused);
    expect(() => new Sampler(source, undefined as never)).toThrow(refused);
  });

  it("survives a counter that wraps, and shows gauges signed", async () => {
    const sampler = new Sampler(source, { intervalMs: 10 });
    const consumer = sampler.consumer();
    source.kernel.events = 2n ** 64n - 1n;
    source.kernel.level = -3n;
    expect(consumer.read().stats.level).toEqual({ value: -3n });
    source.kernel.events = 4n;
    await vi.advanceTimersByTimeAsync(11);
    expect(events(consumer.read()).delta).toBe(5n);
  });

  it("reads the kernel once a tick for all consumers, each with its own baseline", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const [a, b] = [sampler[Symbol.asyncIterator](), sampler[Symbol.asyncIterator]()];
    const late = sampler.consumer();
    source.kernel.events = 3n;
    let pending = [a.next(), b.next()];
    await vi.advanceTimersByTimeAsync(1000);
    for (const one of await Promise.all(pending)) expect(events(one.value as Sample).delta).toBe(3n);
    expect(source.reads).toBe(1);
    source.kernel.events = 10n;
    pending = [a.next(), b.next()];
    await vi.advanceTimersByTimeAsync(1000);
    for (const one of await Promise.all(pending)) expect(events(one.value as Sample).delta).toBe(7n);
    expect(events(late.read())).toEqual({ total: 10n, delta: 10n });
    expect(source.reads).toBe(2);
  });

  it("gives a slow consumer everything since its last sample, and delays nobody", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const slow = sampler[Symbol.asyncIterator]();
    const fast = sampler[Symbol.asyncIterator]();
    const first = slow.next();
    let seen = 0n;
    for (let i = 1n; i <= 5n; i++) {
      source.kernel.events = i * 10n;
      const next = fast.next();
      await vi.advanceTimersByTimeAsync(1000);
      seen += events((await next).value as Sample).delta;
    }
    expect(seen).toBe(50n);
    expect(events((await first).value as Sample).delta).toBe(10n);
    const sample = (await slow.next()).value as Sample;
    expect(events(sample)).toEqual({ total: 50n, delta: 40n });
    expect(sample.interval).toBe(4_000_000_000n);
  });

  it("ends after one last sample when the scheduler leaves", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const totals: bigint[] = [];
    const done = (async () => {
      for await (const sample of sampler) totals.push(events(sample).total);
    })();
    source.kernel.events = 1n;
    await vi.advanceTimersByTimeAsync(1000);
    source.kernel.events = 9n;
    source.end();
    await done;
    expect(totals).toEqual([1n, 9n]);
    source.kernel.events = 100n; // nobody reads the kernel any more
    expect(events(sampler.totals()).total).toBe(9n);
  });

  it("leaves nothing at a signal that outlives it", async () => {
    const { signal } = new AbortController();
    const sampler = new Sampler(source, { intervalMs: 1000, signal });
    const samples = [1, 2].map(() => sampler[Symbol.asyncIterator]());
    for (const one of samples) void one.next();
    expect(getEventListeners(signal, "abort").length).toBe(1);
    for (const one of samples) await one.return();
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  it("ends at the signal", async () => {
    const abort = new AbortController();
    const sampler = new Sampler(source, { intervalMs: 1000, signal: abort.signal });
    const next = sampler[Symbol.asyncIterator]().next();
    await vi.advanceTimersByTimeAsync(0);
    abort.abort();
    expect(await next).toEqual({ value: undefined, done: true });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts missed ticks and does not make up for them", async () => {
    const sampler = new Sampler(source, { intervalMs: 100 });
    const samples = sampler[Symbol.asyncIterator]();
    const next = samples.next();
    await vi.advanceTimersByTimeAsync(0);
    // The process sleeps: time goes on, no timer fires.
    vi.setSystemTime(Date.now() + 1000);
    const frozen = performance.now() + 1050;
    const now = vi.spyOn(performance, "now").mockImplementation(() => frozen);
    await vi.advanceTimersByTimeAsync(100);
    await next;
    expect(sampler.missed).toBe(9);
    now.mockRestore();
    await samples.return();
  });

  it("says why a reading failed, to who asked", async () => {
    const sampler = new Sampler(source, { intervalMs: 10 });
    source.failure = new Error("gone");
    const next = sampler[Symbol.asyncIterator]().next();
    next.catch(() => {});
    await vi.advanceTimersByTimeAsync(10);
    await expect(next).rejects.toThrow("gone");
  });
});

describe("samples", () => {
  /** Those of ticks in which so much was counted. */
  async function taken(samples: AsyncGenerator<Sample>, ...counted: bigint[]): Promise<Sample[]> {
    const all: Sample[] = [];
    for (const count of counted) {
      source.kernel.events += count;
      source.kernel.level -= count;
      const next = samples.next();
      await vi.advanceTimersByTimeAsync(1000);
      all.push((await next).value as Sample);
    }
    return all;
  }
  const shown = (total: bigint, delta: bigint) => ({ events: { total, delta }, level: { value: -total } });

  it("are plain data that stays as it is when others follow", async () => {
    const samples = new Sampler(source, { intervalMs: 1000 })[Symbol.asyncIterator]();
    const [first, second] = (await taken(samples, 5n, 7n)) as [Sample, Sample];
    expect([first.stats, second.stats]).toEqual([shown(5n, 5n), shown(12n, 7n)]);
    expect({ ...first.stats }).toEqual(shown(5n, 5n));
    expect(structuredClone(first)).toEqual(first);
    expect(Object.keys(first.stats)).toEqual(["events", "level"]);
    expect(JSON.stringify(first.stats, (_, value) => (typeof value === "bigint" ? Number(value) : value))).toBe(
      '{"events":{"total":5,"delta":5},"level":{"value":-5}}',
    );
    await samples.return();
  });

  it("are the same objects with new values, for who wants that, and nobody else's", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    const reader = sampler.consumer({ reuse: true });
    const other = sampler.consumer();
    const samples = sampler.iterate({ reuse: true });
    const [first] = (await taken(samples, 5n)) as [Sample];
    const { events, level } = first.stats;
    const [read, kept] = [reader.read(), other.read()];
    expect([first, read, kept].map((sample) => structuredClone(sample.stats))).toEqual(Array(3).fill(shown(5n, 5n)));
    const [second] = (await taken(samples, 7n)) as [Sample];
    expect(second.stats).toBe(first.stats);
    expect(second.stats.events).toBe(events);
    expect(level).toEqual({ value: -5n }); // only counters' are worth it
    expect(second.stats).toEqual(shown(12n, 7n));
    expect([second.at - first.at, second.interval]).toEqual([1_000_000_000n, 1_000_000_000n]);
    expect([read.stats, kept.stats]).toEqual([shown(5n, 5n), shown(5n, 5n)]); // their turn comes when they read
    expect(reader.read().stats).toBe(read.stats);
    expect(other.read().stats).toEqual(shown(12n, 7n));
    expect([read.stats, kept.stats]).toEqual([shown(12n, 7n), shown(5n, 5n)]);
    expect(sampler.totals().stats).not.toBe(read.stats);
    expect(inspect(second.stats.events)).toBe("{ total: 12n, delta: 7n }");
    expect({ ...second.stats.events }).toEqual({ total: 12n, delta: 7n });
    await samples.return();
  });

  it("are other objects when another scheduler's statistics follow", async () => {
    let turn: (turn: Turn) => void = () => {};
    const turning = Object.assign(source, { onTurn: (listener: typeof turn) => (turn = listener) });
    const samples = new Sampler(turning, { intervalMs: 1000 }).iterate({ reuse: true });
    const [first] = (await taken(samples, 5n)) as [Sample];
    source.kernel.events = 9n;
    vi.advanceTimersByTime(5);
    turn("left");
    turn("replaced");
    Object.assign(source, { words: new BigUint64Array(3), kernel: { events: 1n, level: -1n } });
    const last = (await samples.next()).value as Sample;
    expect([last.stats, last.stats === first.stats]).toEqual([
      { events: { total: 9n, delta: 4n }, level: { value: -5n } },
      true,
    ]);
    const [next] = (await taken(samples, 1n)) as [Sample];
    expect(next.stats).toEqual(shown(2n, 2n));
    expect(last.stats).toMatchObject({ events: { total: 9n, delta: 4n } });
    await samples.return();
  });
});

describe("a source", () => {
  it("doesn't keep a sampler that nobody has any more, but one that is in use", async () => {
    vi.useRealTimers();
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const asked: Callback<boolean>[] = [];
    const told: Callback<Turn>[] = [];
    const telling = Object.assign(source, {
      onRefresh: (callback: Callback<boolean>) => asked.push(callback),
      onTurn: (callback: Callback<Turn>) => told.push(callback),
    });
    const used = new Sampler(telling, { intervalMs: 1000 }).iterate();
    (() => new Sampler(telling, { intervalMs: 1000 }).totals())();
    await vi.waitFor(() => {
      gc();
      expect([asked[1]?.(false), told[1]?.("left")]).toEqual([false, false]);
    }, 50_000);
    expect([asked[0]?.(false), told[0]?.("left")]).not.toContain(false);
    await used.return();
  });
});

describe("listening", () => {
  it("gives the samples that iterating gives, and says what was missed and when it is over", async () => {
    const sampler = new Sampler(source, { intervalMs: 100 });
    const heard: (bigint | string)[] = [];
    sampler.listen({
      sample: (sample) => heard.push(events(sample).delta),
      missed: (ticks) => heard.push(`missed ${ticks}`),
      end: () => heard.push("end"),
    });
    source.kernel.events = 4n;
    await vi.advanceTimersByTimeAsync(100);
    source.kernel.events = 9n;
    // The process sleeps: time goes on, no timer fires.
    const frozen = performance.now() + 350;
    const now = vi.spyOn(performance, "now").mockImplementation(() => frozen);
    await vi.advanceTimersByTimeAsync(100);
    now.mockRestore();
    source.kernel.events = 10n;
    source.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual([4n, "missed 2", 5n, 1n, "end"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends when it is disposed of, and tells of a reading that failed", async () => {
    const sampler = new Sampler(source, { intervalMs: 100 });
    const heard: unknown[] = [];
    const one = sampler.listen({ sample: () => heard.push("one"), end: () => heard.push("end") });
    await vi.advanceTimersByTimeAsync(100);
    one[Symbol.dispose]();
    sampler.listen({ sample: () => heard.push("two"), error: (error) => heard.push((error as Error).message) });
    source.failure = new Error("gone");
    await vi.advanceTimersByTimeAsync(200);
    expect(heard).toEqual(["one", "end", "gone"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("totals", () => {
  it("are of the last tick, and read afresh when older than an interval", async () => {
    const sampler = new Sampler(source, { intervalMs: 1000 });
    source.kernel.events = 2n;
    const first = sampler.totals();
    source.kernel.events = 3n;
    expect(sampler.totals()).toBe(first);
    await vi.advanceTimersByTimeAsync(1001);
    expect(events(sampler.totals()).total).toBe(3n);
  });
});

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])("refuses an interval of %s ms", (intervalMs) => {
  expect(() => new Sampler(source, { intervalMs })).toThrowError(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
});
