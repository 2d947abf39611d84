// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { BpfObject, type CounterValue, type DictionaryValue, type Sample, Sampler } from "../../src/index.js";
import { possibleCpus } from "../../src/kernel/cpus.js";
import { testObject } from "../objects.js";

/** Where the kernel puts a key of one word in a hash without a seed: jhash2() of include/linux/jhash.h, its last bits. */
function bucketOf(key: number, buckets: number): number {
  const rol = (word: number, by: number) => (word << by) | (word >>> (32 - by));
  const initial = (0xdeadbeef + 4) | 0;
  let [a, b, c] = [(initial + key) | 0, initial, initial];
  c = ((c ^ b) - rol(b, 14)) | 0;
  a = ((a ^ c) - rol(c, 11)) | 0;
  b = ((b ^ a) - rol(a, 25)) | 0;
  c = ((c ^ b) - rol(b, 16)) | 0;
  a = ((a ^ c) - rol(c, 4)) | 0;
  b = ((b ^ a) - rol(a, 14)) | 0;
  c = ((c ^ b) - rol(b, 24)) | 0;
  return c & (buckets - 1);
}

/** Bytes that the addon reads at a time, at most. */
const readAtATime = 16 << 20;
const valueSize = 32768;

it("a bucket that is fuller than what is read at a time is read one by one, and as exactly", async () => {
  const most = Math.floor(readAtATime / (4 + possibleCpus().length * valueSize));
  const entries = 2 ** Math.ceil(Math.log2(most + 2)); // the kernel makes as many buckets
  const keys: number[] = [];
  for (let key = 0; keys.length <= most; key++) if (bucketOf(key, entries) === 0) keys.push(key);
  const object = await BpfObject.open(testObject("crowded"));
  object.resize("large_stats", entries);
  await using loaded = await object.load();
  const consumer = new Sampler(loaded.stats, { intervalMs: 1e-6, by: ["cpu"] }).consumer();
  const run = (program: string, key: number, n = 0n) =>
    expect(loaded.run(program, { n, key: BigInt(key) }).status).toBe(0);
  const hits = (values: Partial<Sample["stats"]>) => (values.hits as DictionaryValue<CounterValue>).entries;
  const check = (expected: Record<string, CounterValue>) => {
    const { stats, by } = consumer.read();
    expect(hits(stats)).toEqual(expected);
    const sums = Object.values(by?.cpu ?? {}).map((values) => hits(values));
    for (const [key, { delta }] of Object.entries(expected))
      expect([key, sums.reduce((sum, one) => sum + (one[key]?.delta ?? 0n), 0n)]).toEqual([key, delta]);
  };
  const all = (of: (key: number) => CounterValue) => Object.fromEntries(keys.map((key) => [key, of(key)]));

  for (const key of keys) run("count_large", key, BigInt(key) + 1n);
  check(all((key) => ({ total: BigInt(key) + 1n, delta: BigInt(key) + 1n })));
  for (const key of keys) run("count_large", key, 5n);
  check(all((key) => ({ total: BigInt(key) + 6n, delta: 5n })));
  check(all((key) => ({ total: BigInt(key) + 6n, delta: 0n })));
  const [first = 0] = keys;
  run("forget_large", first); // one less, and they can be read at once
  check(all((key) => ({ total: BigInt(key) + 6n, delta: 0n })));
  run("count_large", first, 3n);
  check(
    all((key) => (key === first ? { total: BigInt(key) + 9n, delta: 3n } : { total: BigInt(key) + 6n, delta: 0n })),
  );
});
