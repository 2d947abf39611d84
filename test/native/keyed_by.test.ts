// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type CounterValue,
  type DictionaryValue,
  type Domain,
  domains,
  type GaugeValue,
  getAllStats,
  type LoadedObject,
  type Sample,
  type SampleConsumer,
  Sampler,
  type WritableMap,
} from "../../src/index.js";
import { onlineCpus, possibleCpus } from "../../src/kernel/cpus.js";
import { RunStats } from "../../src/source/run.js";
import { countExactly } from "../bench/count_exactly.js";
import { testObject } from "../objects.js";

const by = [...domains];
const intervalMs = 1e-6; // always read afresh

let loaded: LoadedObject;
let sampler: Sampler;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("readers"))).load();
  sampler = new Sampler(loaded.stats, { intervalMs, by });
});
afterEach(() => loaded.close());

const cpus = onlineCpus();
const [one = 0, other = one] = cpus;
const mayRunOn = (list: string) => execFileSync("taskset", ["-p", "-c", list, `${process.pid}`]);
afterEach(() => mayRunOn(cpus.join(",")));

/** Counts on that CPU. */
function countOn(cpu: number, n: bigint, key: bigint, program = "count_pid", object = loaded): void {
  mayRunOn(`${cpu}`);
  expect(object.run(program, { n, key }).status).toBe(0);
}
const forget = (key: bigint) => expect(loaded.run("forget_pid", { n: 0n, key }).status).toBe(0);

type Counters = Readonly<Record<string, CounterValue>>;
const entriesIn = (values: Sample["stats"] | Partial<Sample["stats"]> | undefined, name: string) =>
  (values?.[name] as DictionaryValue<CounterValue> | undefined)?.entries ?? {};

const added = (all: readonly Counters[], key: string): CounterValue =>
  all.reduce(
    (sum, { [key]: one }) => ({ total: sum.total + (one?.total ?? 0n), delta: sum.delta + (one?.delta ?? 0n) }),
    {
      total: 0n,
      delta: 0n,
    },
  );

/** What each CPU has, once all groups of all domains have been held against the whole: the same keys, and their sums. */
function perCpu(sample: Sample, name = "pid_stats"): Record<string, Counters> {
  const whole = entriesIn(sample.stats, name);
  for (const domain of domains) {
    const groups = Object.values(sample.by?.[domain] ?? {}).map((values) => entriesIn(values, name));
    for (const group of groups) expect(Object.keys(group).sort()).toEqual(Object.keys(whole).sort());
    for (const [key, value] of Object.entries(whole))
      expect([domain, key, added(groups, key)]).toEqual([domain, key, value]);
  }
  return Object.fromEntries(
    Object.entries(sample.by?.cpu ?? {}).map(([cpu, values]) => [cpu, entriesIn(values, name)]),
  );
}

/** Of the two CPUs, the totals and deltas of a key; of the only one, its own twice. */
const read = (consumer: SampleConsumer, key: number) => {
  const each = perCpu(consumer.read());
  return [one, other].map((cpu) => each[cpu]?.[key]);
};
const counted = (total: bigint, delta: bigint) => ({ total, delta });

describe.skipIf(cpus.length < 2)("the keys of a hash by groups of CPUs", () => {
  it("have a counter for each, in each consumer's own baseline", () => {
    const [quick, slow] = [sampler.consumer(), sampler.consumer()];
    countOn(one, 3n, 10n);
    countOn(other, 5n, 10n);
    expect(read(quick, 10)).toEqual([counted(3n, 3n), counted(5n, 5n)]);
    countOn(other, 4n, 10n);
    countOn(one, 1n, 20n);
    expect(read(quick, 10)).toEqual([counted(3n, 0n), counted(9n, 4n)]);
    expect(read(quick, 20)).toEqual([counted(1n, 0n), counted(0n, 0n)]);
    expect(read(slow, 10)).toEqual([counted(3n, 3n), counted(9n, 9n)]);
    const late = sampler.consumer();
    countOn(one, 7n, 20n);
    expect(read(late, 20)).toEqual([counted(8n, 8n), counted(0n, 0n)]);
  });

  it("lose nothing when they go, are no other's in their slot, and go on when they come again", () => {
    const [quick, slow] = [sampler.consumer(), sampler.consumer()];
    countOn(one, 3n, 10n);
    countOn(other, 4n, 10n);
    expect(read(quick, 10)).toEqual([counted(3n, 3n), counted(4n, 4n)]);
    forget(10n);
    expect(read(quick, 10)).toEqual([counted(3n, 0n), counted(4n, 0n)]);
    expect(read(quick, 10)).toEqual([undefined, undefined]);
    countOn(other, 6n, 30n); // in the slot of 10
    expect(read(quick, 30)).toEqual([counted(0n, 0n), counted(6n, 6n)]);
    countOn(one, 2n, 10n);
    expect(read(quick, 10)).toEqual([counted(5n, 2n), counted(4n, 0n)]);
    const last = slow.read();
    expect(perCpu(last)[one]?.[10]).toEqual(counted(5n, 5n)); // both lives of it
    expect(perCpu(last)[other]?.[10]).toEqual(counted(4n, 4n));
    expect(perCpu(last)[other]?.[30]).toEqual(counted(6n, 6n));
    expect(loaded.stats.by?.("cpu").read()[one]?.pid_stats).toEqual({ entries: { 10: 5n, 30: 0n } });
  });

  it("are noticed to have come back between two readings by any CPU, though the sum went up", () => {
    const consumer = sampler.consumer();
    countOn(one, 100n, 1n);
    consumer.read();
    forget(1n);
    countOn(other, 150n, 1n);
    expect(read(consumer, 1)).toEqual([counted(100n, 0n), counted(150n, 150n)]);
    forget(1n);
    countOn(one, 1n, 1n);
    expect(read(consumer, 1)).toEqual([counted(101n, 1n), counted(150n, 0n)]);
  });

  it("add up for whoever reads late, and whoever else reads meanwhile", () => {
    const consumers = [sampler.consumer(), sampler.consumer(), sampler.consumer()] as const;
    const [quick, slow, never] = consumers;
    const plain = new Sampler(loaded.stats, { intervalMs });
    const sums = new Map(consumers.map((consumer) => [consumer, new Map([one, other].map((cpu) => [cpu, 0n]))]));
    const add = (consumer: SampleConsumer) => {
      const each = perCpu(consumer.read());
      for (const [cpu, sum] of sums.get(consumer) ?? [])
        for (const { delta } of Object.values(each[cpu] ?? {}))
          sums.get(consumer)?.set(cpu, (sums.get(consumer)?.get(cpu) ?? sum) + delta);
    };
    const truth = new Map([one, other].map((cpu) => [cpu, 0n]));
    const count = (cpu: number, n: bigint, key: bigint) => {
      countOn(cpu, n, key);
      truth.set(cpu, (truth.get(cpu) ?? 0n) + n);
    };
    for (let key = 1n; key <= 24n; key++) {
      count(one, key, key % 7n);
      if (key % 3n === 0n) count(other, 100n, key % 7n);
      // Some reading meets each key before it goes.
      if (key % 4n === 0n) plain.totals();
      else if (key % 4n === 1n) loaded.stats.by?.("llc").read();
      else add(quick);
      if (key % 2n === 0n) forget(key % 7n);
      if (key % 9n === 0n) add(slow);
    }
    for (const consumer of consumers) add(consumer);
    for (const consumer of consumers) expect(sums.get(consumer)).toEqual(truth);
    expect(
      Object.values(perCpu(never.read()))
        .flatMap((keys) => Object.values(keys))
        .every(({ delta }) => delta === 0n),
    ).toBe(true);
  });

  it("go on with the next scheduler of a run", async () => {
    await using second = await (await BpfObject.open(testObject("readers"))).load();
    const run = new RunStats();
    run.follow(loaded.stats);
    const whole = new Sampler(run, { intervalMs, by });
    const [quick, slow] = [whole.consumer(), whole.consumer()];
    countOn(one, 5n, 10n);
    countOn(other, 6n, 20n);
    countOn(other, 7n, 30n);
    expect(read(quick, 20)).toEqual([counted(0n, 0n), counted(6n, 6n)]);
    countOn(other, 1n, 10n);
    run.leave();
    expect(read(quick, 10)).toEqual([counted(5n, 0n), counted(1n, 1n)]);
    run.follow(second.stats);
    countOn(other, 2n, 20n, "count_pid", second); // in the slot that 10 had
    countOn(other, 3n, 10n, "count_pid", second);
    const after = perCpu(quick.read());
    expect([after[one]?.[10], after[other]?.[10]]).toEqual([counted(5n, 0n), counted(4n, 3n)]);
    expect([after[one]?.[20], after[other]?.[20]]).toEqual([counted(0n, 0n), counted(8n, 2n)]);
    expect(read(slow, 30)).toEqual([counted(0n, 0n), counted(7n, 7n)]);
    countOn(one, 4n, 30n, "count_pid", second);
    expect(read(slow, 30)).toEqual([counted(4n, 4n), counted(7n, 0n)]);
    expect(read(slow, 10)).toEqual([counted(5n, 0n), counted(4n, 0n)]);
  });

  it("go on with the next scheduler though they had gone when it came", async () => {
    await using second = await (await BpfObject.open(testObject("readers"))).load();
    const run = new RunStats();
    run.follow(loaded.stats);
    const consumer = new Sampler(run, { intervalMs, by }).consumer();
    countOn(one, 5n, 10n);
    countOn(other, 6n, 10n);
    consumer.read();
    forget(10n);
    consumer.read();
    expect(read(consumer, 10)).toEqual([undefined, undefined]);
    run.leave();
    run.follow(second.stats);
    countOn(other, 2n, 10n, "count_pid", second);
    expect(read(consumer, 10)).toEqual([counted(5n, 0n), counted(8n, 2n)]);
    expect(second.run("forget_pid", { n: 0n, key: 10n }).status).toBe(0);
    consumer.read();
    consumer.read();
    countOn(one, 1n, 10n, "count_pid", second);
    expect(read(consumer, 10)).toEqual([counted(6n, 1n), counted(8n, 0n)]);
  });

  it("have levels as they are, and members of a value each for itself", () => {
    const consumer = sampler.consumer();
    countOn(one, 4n, 3n, "count_use");
    countOn(other, 5n, 3n, "count_use");
    const lags = () => {
      const sample = consumer.read();
      perCpu(sample, "calls");
      return [one, other].map((cpu) => (entriesIn(sample.by?.cpu?.[cpu], "lag")[3] as unknown as GaugeValue).value);
    };
    expect(lags()).toEqual([-4n, -5n]);
    const uses = loaded.maps.use_stats as WritableMap;
    uses.set(
      3,
      possibleCpus().map((cpu) => (cpu === one ? { calls: 4n, lag: 8n } : { calls: 6n, lag: -1n })),
    );
    expect(lags()).toEqual([8n, -1n]);
  });

  it("are each counted before they are evicted, and go on when they come again", () => {
    const consumer = sampler.consumer();
    const totals = new Map<string, bigint>();
    const seen = new Map([one, other].map((cpu) => [cpu, 0n]));
    const truth = new Map(seen);
    for (let n = 0n; n < 240n; n++) {
      const cpu = n % 60n < 30n ? one : other; // affinities are changed by a process each time
      if (n % 30n === 0n) mayRunOn(`${cpu}`);
      const key = n % 120n;
      expect(loaded.run("count_use", { n, key }).status).toBe(0);
      truth.set(cpu, (truth.get(cpu) ?? 0n) + n);
      totals.set(`${key}`, (totals.get(`${key}`) ?? 0n) + n);
      const each = perCpu(consumer.read(), "calls");
      for (const [known, sum] of seen)
        seen.set(
          known,
          Object.values(each[known] ?? {}).reduce((all, { delta }) => all + delta, sum),
        );
      expect([one, other].reduce((sum, known) => sum + (each[known]?.[`${key}`]?.total ?? 0n), 0n)).toBe(
        totals.get(`${key}`),
      );
    }
    expect([...(loaded.maps.use_stats as WritableMap)].length).toBeLessThanOrEqual(64);
    expect(seen).toEqual(truth);
  });

  it("are in the sums alone too, and in the records of CPUs and domains", async () => {
    countOn(one, 3n, 10n);
    countOn(other, 5n, 10n);
    countOn(other, 2n, 7n, "count_use");
    const rollup = loaded.stats.by?.("cpu");
    expect(rollup?.stats.map(({ name }) => name)).toEqual(expect.arrayContaining(["pid_stats", "calls", "lag"]));
    const sums = rollup?.read() ?? {};
    expect([sums[one]?.pid_stats, sums[other]?.pid_stats]).toEqual([{ entries: { 10: 3n } }, { entries: { 10: 5n } }]);
    expect(sums[other]?.lag).toEqual({ entries: { 7: -2n } });
    const records = await getAllStats({ groups: ["stats"], samplers: [sampler] });
    const paramsOf = (entity: Domain, name: string) =>
      records.find((record) => record.entity === entity && record.name === name)?.params;
    const prefix = `cpu.${other}.stats.${sampler.scheduler}`;
    expect(paramsOf("cpu", `${other}`)?.get(`${prefix}.pid_stats.10`)).toEqual({
      kind: "counter",
      type: "u64",
      value: 5n,
    });
    expect(paramsOf("cpu", `${other}`)?.get(`${prefix}.lag.7`)).toEqual({ kind: "gauge", type: "i64", value: -2n });
    const groups = loaded.stats.by?.("llc").groups ?? [];
    const all = groups.map(
      (name) => paramsOf("llc", name)?.get(`llc.${name}.stats.${sampler.scheduler}.pid_stats.10`)?.value as bigint,
    );
    expect(all.reduce((a, b) => a + b)).toBe(8n);
  });
});

describe("of writers on all CPUs at once", () => {
  it(`every event is in one sample of one CPU, for each consumer (${availableParallelism()} CPUs)`, async () => {
    const { truth, consumers } = await countExactly("keys", 2_000_000, 0, { by: ["cpu"] });
    expect(truth).toBe(2_000_000n);
    for (const { sums } of consumers) expect(sums).toEqual({ event_stats: truth, "event_stats by cpu": truth });
  });
});
