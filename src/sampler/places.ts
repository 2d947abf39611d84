// SPDX-License-Identifier: MIT
import type { Counters } from "../counters/counters.js";
import type { Slot } from "../source/reader.js";
import type { StatsSource } from "../source/stats.js";
import { type HistogramCounts, histogramBuckets, type Stat, type StatValue, type StatValues } from "../stats/schema.js";

/** Where a statistic's value is. */
export interface Place {
  readonly stat: Stat;
  /** Its number in the schema. */
  readonly number: number;
  /** Its first word. */
  readonly at: number;
  /** A counter of one word, a dictionary, or any other. */
  readonly form: "counter" | "dict" | "other";
}

/** The places of all statistics of a source, which stay the same as long as its words do. */
export function placesOf({ schema, index }: StatsSource): Place[] {
  return schema.stats.map((stat, number) => {
    const isDict = typeof stat.type === "object" && "dict" in stat.type;
    return {
      stat,
      number,
      at: index[number] ?? 0,
      form: isDict ? "dict" : stat.kind === "counter" ? "counter" : "other",
    };
  });
}

/** What all statistics are, for one consumer: new objects, which nobody changes. */
export function statsAt(places: readonly Place[], source: StatsSource, counters: Counters): StatValues {
  const { words } = source;
  const { total, delta } = counters;
  const stats: StatValues = Object.create(null);
  for (const { stat, number, at, form } of places) {
    if (form === "counter") stats[stat.name] = { total: total[at] as bigint, delta: delta[at] as bigint };
    else if (form === "dict") stats[stat.name] = dictOf(stat, source.slots?.(number) ?? [], words, counters);
    else stats[stat.name] = valueAt(stat, at, words, counters);
  }
  return stats;
}

/** A gauge's or a histogram's value, whose first word is `at`. */
function valueAt(stat: Stat, at: number, words: BigUint64Array, { total, delta }: Counters): StatValue {
  if (stat.kind === "histogram") return { ...countsOf(total, at), delta: countsOf(delta, at) };
  const value = words[at] ?? 0n;
  return { value: stat.type === "u64" ? value : BigInt.asIntN(64, value) };
}

/** A dictionary's value: what each key that is there, or went since the last reading, has. */
function dictOf({ kind }: Stat, slots: readonly Slot[], words: BigUint64Array, { total, delta }: Counters): StatValue {
  const entries: Record<string, StatValue> = Object.create(null);
  for (const { key, word, start } of slots)
    entries[key] =
      kind === "counter"
        ? { total: BigInt.asUintN(64, (total[word] ?? 0n) - start), delta: delta[word] ?? 0n }
        : { value: BigInt.asIntN(64, words[word] ?? 0n) };
  return { entries };
}

/** A histogram's words: its buckets, then the sum of all values. */
function countsOf(words: BigUint64Array, at: number): HistogramCounts {
  const buckets = [...words.subarray(at, at + histogramBuckets)];
  return { count: buckets.reduce((sum, one) => sum + one, 0n), sum: words[at + histogramBuckets] ?? 0n, buckets };
}
