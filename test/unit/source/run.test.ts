// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { Sampler } from "../../../src/sampler/sampler.js";
import type { CpuPart } from "../../../src/source/joined.js";
import { RunStats } from "../../../src/source/run.js";
import type { StatsSource } from "../../../src/source/stats.js";
import type { CounterValue, GaugeValue, Sample, Stat } from "../../../src/stats/schema.js";

const counter = (name: string): Stat => ({ name, kind: "counter" });

/** A scheduler's statistics whose kernel is an array of numbers, one a statistic. */
class Fake implements StatsSource {
  readonly epoch = 0;
  readonly ended = new Promise<void>(() => {});
  readonly startedAt = process.hrtime.bigint();
  readonly words: BigUint64Array;
  readonly index: number[];
  readonly schema: { name: string; stats: Stat[] };
  kernel: bigint[];
  gone = false;
  readonly resets: string[] = [];
  readonly rows: BigUint64Array = new BigUint64Array(4);
  constructor(
    readonly scheduler: string,
    stats: Stat[],
  ) {
    this.schema = { name: `${scheduler}_stats`, stats };
    this.words = new BigUint64Array(stats.length);
    this.index = stats.map((_, i) => i);
    this.kernel = stats.map(() => 0n);
  }
  state = () => (this.gone ? "disabled" : "enabled");
  /** Two CPUs with the first two statistics. */
  byCpu = (): CpuPart[] => [
    {
      words: this.rows,
      width: 2,
      cpus: [0, 1],
      stats: new Map([
        [0, 0],
        [1, 1],
      ]),
    },
  ];
  clearInKernel(mode: string): void {
    this.resets.push(mode);
  }
  refresh(): void {
    if (this.gone) throw new Error("its maps are gone");
    this.kernel.forEach((value, i) => {
      this.words[i] = value;
    });
  }
}

/** One whose only statistic is a dictionary with these keys, each with its word, and with one on each of two CPUs. */
class Keyed extends Fake {
  readonly cells: BigUint64Array;
  readonly used = new BigUint64Array(1);
  constructor(
    readonly keys: string[],
    kind: "counter" | "gauge" = "counter",
  ) {
    super(
      "keyed",
      keys.map(() => ({ name: "keys", kind })),
    );
    this.schema.stats = [{ name: "keys", kind, type: { dict: kind === "counter" ? "u64" : "i64", key: "string" } }];
    this.index.length = 1;
    this.cells = new BigUint64Array(2 * keys.length);
  }
  /** What each CPU has of each key; their sum is the key's. */
  counted(...each: [bigint, bigint][]): void {
    this.kernel = each.map(([one, other]) => one + other);
    this.cells.set(each.flat());
    this.used[0] = BigInt(2 * each.length);
  }
  override byCpu = () => [
    {
      words: this.cells,
      width: 1,
      cpus: [0, 1],
      used: this.used,
      stats: new Map([[0, 0]]),
      slots: (_: number, gone = false) =>
        [0, 1].map((cpu) => (gone ? [] : this.keys.map((key, slot) => ({ key, word: 2 * slot + cpu, start: 0n })))),
    },
  ];
  readonly #listeners: ((all: boolean) => void)[] = [];
  onRefresh(listener: (all: boolean) => void): void {
    this.#listeners.push(listener);
  }
  override refresh(): void {
    for (const listener of this.#listeners) listener(false);
    super.refresh();
  }
  slots = (_: number, gone = false) => (gone ? [] : this.keys.map((key, word) => ({ key, word, start: 0n })));
}
const keys = (sample: Sample) => (sample.stats.keys as { entries: Record<string, CounterValue> }).entries;

const shape = [counter("events"), { name: "level", kind: "gauge" } as const];
const events = (sample: Sample) => sample.stats.events as CounterValue;
/** Older than an interval at once, so that each look is a fresh one. */
const intervalMs = 0.001;

describe("a run of several schedulers", () => {
  it("goes on with the totals where the same statistics follow, an epoch later", () => {
    const run = new RunStats();
    const [first, second] = [new Fake("one", shape), new Fake("one", shape)];
    run.follow(first);
    const sampler = new Sampler(run, { intervalMs });
    const consumer = sampler.consumer();
    first.kernel = [10n, 3n];
    expect(consumer.read()).toMatchObject({ epoch: 0, stats: { events: { total: 10n, delta: 10n } } });
    first.kernel = [15n, 4n];
    run.leave();
    first.gone = true;
    expect(sampler.totals()).toMatchObject({ epoch: 0, state: "disabled", stats: { events: { total: 15n } } });
    run.follow(second);
    second.kernel = [2n, 1n];
    const sample = consumer.read();
    expect(sample).toMatchObject({ epoch: 1, state: "enabled", stats: { level: { value: 1n } } });
    expect(events(sample)).toEqual({ total: 17n, delta: 7n });
  });

  it("goes on with what each CPU has, too", () => {
    const run = new RunStats();
    const [first, second] = [new Fake("one", shape), new Fake("one", shape)];
    run.follow(first);
    const consumer = new Sampler(run, { intervalMs, by: ["cpu"] }).consumer();
    const cpu = () => Object.values(consumer.read().by?.cpu ?? {}).slice(0, 2);
    first.rows.set([10n, 3n, 20n, 4n]);
    expect(cpu()).toEqual([
      { events: { total: 10n, delta: 10n }, level: { value: 3n } },
      { events: { total: 20n, delta: 20n }, level: { value: 4n } },
    ]);
    first.rows.set([11n, 3n, 25n, 4n]);
    run.leave();
    first.gone = true;
    run.follow(second);
    second.rows.set([2n, 1n, 0n, -1n]);
    expect(cpu()).toEqual([
      { events: { total: 13n, delta: 3n }, level: { value: 1n } },
      { events: { total: 25n, delta: 5n }, level: { value: -1n } },
    ]);
    run.leave();
    second.gone = true;
    const other = new Fake("two", [counter("other"), counter("more")]);
    run.follow(other);
    other.rows.set([7n, 8n, 0n, 0n]);
    consumer.read(); // the former's last
    expect(cpu()[0]).toEqual({ other: { total: 7n, delta: 7n }, more: { total: 8n, delta: 8n } });
  });

  it("has what each CPU counted of a scheduler that left before anybody looked", () => {
    const run = new RunStats();
    const [first, second] = [new Fake("one", shape), new Fake("two", [counter("other"), counter("more")])];
    run.follow(first);
    const consumer = new Sampler(run, { intervalMs, by: ["cpu"] }).consumer();
    consumer.read();
    run.leave();
    first.gone = true;
    run.follow(second);
    second.kernel = [10n, 3n];
    second.rows.set([7n, 3n, 3n, 0n]);
    run.leave();
    second.gone = true;
    consumer.read(); // the former's last
    const { stats, by } = consumer.read();
    expect(stats.other).toEqual({ total: 10n, delta: 10n });
    expect(Object.values(by?.cpu ?? {}).slice(0, 2)).toEqual([
      { other: { total: 7n, delta: 7n }, more: { total: 3n, delta: 3n } },
      { other: { total: 3n, delta: 3n }, more: { total: 0n, delta: 0n } },
    ]);
  });

  it.each([
    ["on CPUs, and not", 0],
    ["on more CPUs", 3],
  ])("begins afresh where one keeps what the other does %s", (_, cpus) => {
    const run = new RunStats();
    const both = [counter("events"), counter("more")];
    const [first, second] = [new Fake("one", both), new Fake("one", both)];
    const part: CpuPart = { ...(first.byCpu()[0] as CpuPart), words: new BigUint64Array(2 * cpus), cpus: [0, 1, 2] };
    second.byCpu = () => (cpus === 0 ? [] : [part]);
    for (const turns of [
      [first, second],
      [second, first],
    ] as const) {
      run.follow(turns[0]);
      const consumer = new Sampler(run, { intervalMs, by: ["cpu"] }).consumer();
      consumer.read();
      run.leave();
      run.follow(turns[1]);
      turns[1].kernel = [4n, 0n];
      consumer.read(); // the former's last
      expect(consumer.read().stats.events).toEqual({ total: 4n, delta: 4n });
    }
  });

  it("goes on with the totals of keys, of which several may have one text, for whoever reads late as well", () => {
    const run = new RunStats();
    const turns = [new Keyed(["a", "b", "a"]), new Keyed(["b", "a", "a"]), new Keyed(["c", "c", "b"])] as const;
    run.follow(turns[0]);
    const sampler = new Sampler(run, { intervalMs });
    const [quick, late] = [sampler.consumer(), sampler.consumer()];
    turns[0].kernel = [10n, 1n, 5n];
    expect(keys(quick.read())).toEqual({ a: { total: 15n, delta: 15n }, b: { total: 1n, delta: 1n } });
    turns[0].kernel = [10n, 3n, 7n];
    run.leave();
    run.follow(turns[1]);
    turns[1].kernel = [0n, 2n, 1n];
    expect(keys(quick.read())).toEqual({ a: { total: 20n, delta: 5n }, b: { total: 3n, delta: 2n } });
    run.leave();
    run.follow(turns[2]);
    turns[2].kernel = [1n, 1n, 4n];
    expect(keys(late.read())).toEqual({
      a: { total: 20n, delta: 20n },
      b: { total: 7n, delta: 7n },
      c: { total: 2n, delta: 2n },
    });
  });

  it("goes on with what each CPU has of keys, also of slots that only an earlier scheduler had in use", () => {
    const run = new RunStats();
    const turns = [new Keyed(["a", "b", "a"]), new Keyed(["b", "a", "c"]), new Keyed(["a", "c", "b"])] as const;
    run.follow(turns[0]);
    const sampler = new Sampler(run, { intervalMs, by: ["cpu"] });
    const [quick, late] = [sampler.consumer(), sampler.consumer()];
    const byCpu = (sample: Sample) =>
      Object.values(sample.by?.cpu ?? {})
        .slice(0, 2)
        .map((values) => keys({ stats: values } as Sample));
    const counted = (total: bigint, delta: bigint) => ({ total, delta });
    turns[0].counted([10n, 1n], [2n, 0n], [0n, 5n]);
    expect(byCpu(quick.read())).toEqual([
      { a: counted(10n, 10n), b: counted(2n, 2n) },
      { a: counted(6n, 6n), b: counted(0n, 0n) },
    ]);
    turns[0].counted([10n, 3n], [2n, 0n], [4n, 5n]);
    run.leave();
    run.follow(turns[1]);
    turns[1].counted([1n, 0n], [0n, 7n]); // the third is not in use yet
    const sample = quick.read();
    expect(keys(sample)).toMatchObject({ a: counted(29n, 13n), b: counted(3n, 1n) });
    expect(byCpu(sample)).toMatchObject([
      { a: counted(14n, 4n), b: counted(3n, 1n), c: counted(0n, 0n) },
      { a: counted(15n, 9n), b: counted(0n, 0n), c: counted(0n, 0n) },
    ]);
    run.leave();
    run.follow(turns[2]);
    turns[2].counted([0n, 1n]);
    expect(byCpu(late.read())).toEqual([
      { a: counted(14n, 14n), b: counted(3n, 3n), c: counted(0n, 0n) },
      { a: counted(16n, 16n), b: counted(0n, 0n), c: counted(0n, 0n) },
    ]);
  });

  it("has the levels of keys as they are, whatever another scheduler had in their slots", () => {
    const run = new RunStats();
    const [first, second] = [new Keyed(["a", "b"], "gauge"), new Keyed(["b", "a"], "gauge")];
    run.follow(first);
    const sampler = new Sampler(run, { intervalMs, by: ["cpu"] });
    const levels = () => {
      const sample = sampler.totals();
      const cpus = Object.values(sample.by?.cpu ?? {}).slice(0, 2);
      return [sample.stats, ...cpus].map((values) => keys({ stats: values } as Sample));
    };
    const level = (value: bigint) => ({ value });
    first.counted([5n, 2n], [3n, -4n]);
    expect(levels()).toEqual([
      { a: level(7n), b: level(-1n) },
      { a: level(5n), b: level(3n) },
      { a: level(2n), b: level(-4n) },
    ]);
    run.leave();
    run.follow(second);
    second.counted([1n, 1n], [-6n, 2n]);
    expect(levels()).toEqual([
      { b: level(2n), a: level(-4n) },
      { b: level(1n), a: level(-6n) },
      { b: level(1n), a: level(2n) },
    ]);
  });

  it("begins the total of a key again behind the largest, as all counts do", () => {
    const run = new RunStats();
    const [first, second] = [new Keyed(["a", "a"]), new Keyed(["a", "a"])];
    run.follow(first);
    const consumer = new Sampler(run, { intervalMs }).consumer();
    first.kernel = [2n ** 64n - 1n, 3n];
    expect(keys(consumer.read()).a).toEqual({ total: 2n, delta: 2n });
    run.leave();
    run.follow(second);
    second.kernel = [2n ** 64n - 4n, 1n];
    expect(keys(consumer.read()).a).toEqual({ total: 2n ** 64n - 1n, delta: 2n ** 64n - 3n });
  });

  it("keeps each consumer's last sample where other statistics follow", () => {
    const run = new RunStats();
    const [first, second] = [new Fake("one", shape), new Fake("two", [counter("other")])];
    run.follow(first);
    const sampler = new Sampler(run, { intervalMs });
    const [slow, quick] = [sampler.consumer(), sampler.consumer()];
    first.kernel = [10n, 0n];
    run.leave();
    expect(events(quick.read())).toEqual({ total: 10n, delta: 10n });
    first.gone = true;
    run.follow(second);
    second.kernel = [4n];
    const other = { scheduler: "two", epoch: 1, stats: { other: { total: 4n, delta: 4n } } };
    expect(quick.read()).toMatchObject(other);
    const kept = slow.read();
    expect([kept.scheduler, kept.epoch, events(kept)]).toEqual(["one", 0, { total: 10n, delta: 10n }]);
    expect(slow.read()).toMatchObject(other);
    expect(Object.keys(sampler.totals().stats)).toEqual(["other"]);
    expect(sampler.schema).toBe(second.schema);
  });

  it("gives who iterates a last sample of each, and ends after the last of all", async () => {
    const run = new RunStats();
    const [first, second, third] = [
      new Fake("one", shape),
      new Fake("one", shape),
      new Fake("two", [counter("other")]),
    ];
    run.follow(first);
    const sampler = new Sampler(run, { intervalMs: 60_000 });
    const seen: [string, number, unknown[]][] = [];
    let more: () => void = () => {};
    const done = (async () => {
      for await (const { scheduler, epoch, stats } of sampler) {
        seen.push([
          scheduler,
          epoch,
          Object.values(stats).map((one) => ("total" in one ? one.total : (one as GaugeValue).value)),
        ]);
        more();
      }
    })();
    const next = () =>
      new Promise<void>((resolve) => {
        more = resolve;
      });
    first.kernel = [1n, 0n];
    let sampled = next();
    run.leave();
    await sampled;
    first.gone = true;
    run.follow(second);
    second.kernel = [5n, 2n];
    sampled = next();
    run.leave();
    second.gone = true;
    run.follow(third); // before who iterates could look
    await sampled;
    third.kernel = [9n];
    run.finish();
    await done;
    expect(seen).toEqual([
      ["one", 0, [1n, 0n]],
      ["one", 1, [6n, 2n]],
      ["two", 2, [9n]],
    ]);
  });

  it("resets each scheduler's counters in the kernel, if one is to", () => {
    const run = new RunStats();
    const [first, second] = [new Fake("one", shape), new Fake("one", shape)];
    run.follow(first);
    new Sampler(run, { intervalMs, mode: "zero" });
    run.leave();
    run.follow(second);
    expect([first.resets, second.resets]).toEqual([["zero"], ["zero"]]);
  });

  it("counts the first scheduler that runs as epoch 0, whoever was tried before it", () => {
    const run = new RunStats();
    const first = new Fake("one", shape);
    run.follow(first);
    const sampler = new Sampler(run, { intervalMs });
    first.gone = true;
    run.forget();
    expect(sampler.totals()).toMatchObject({ state: "disabled", stats: {} });
    const second = new Fake("two", [counter("other")]);
    run.follow(second);
    second.kernel = [3n];
    expect(sampler.consumer().read()).toMatchObject({ epoch: 0, scheduler: "two", stats: { other: { total: 3n } } });
  });
});
