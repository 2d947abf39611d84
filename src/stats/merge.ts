// SPDX-License-Identifier: MIT
import type { HistogramCounts, Sample, StatValue, StatValues } from "./schema.js";
import { u64 } from "./u64.js";

/**
 * Two samples that follow each other, as one: the later one's values, with what both counted as its deltas and interval. What
 * only the earlier one has (a dictionary's key that went) is gone.
 */
export function mergedSample(earlier: Sample, later: Sample): Sample {
  const { by } = later;
  return {
    ...later,
    interval: earlier.interval + later.interval,
    stats: mergedValues(earlier.stats, later.stats),
    ...(by && { by: mapped(by, (groups, domain) => mergedGroups(earlier.by?.[domain] ?? {}, groups ?? {})) }),
  };
}

type Groups = Readonly<Record<string, Partial<StatValues>>>;

const mergedGroups = (earlier: Groups, later: Groups): Groups =>
  mapped(later, (values, group) => mergedValues(earlier[group] ?? {}, values));

function mapped<T extends object>(object: T, change: <K extends keyof T>(value: T[K], key: K) => unknown): T {
  const entries = Object.entries(object) as [keyof T, T[keyof T]][];
  return Object.fromEntries(entries.map(([key, value]) => [key, change(value, key)])) as T;
}

function mergedValues(earlier: Readonly<Partial<StatValues>>, later: Readonly<Partial<StatValues>>): StatValues {
  const merged: StatValues = Object.create(null);
  for (const [name, value] of Object.entries(later)) {
    if (value === undefined) continue;
    const before = earlier[name];
    merged[name] = before === undefined ? value : mergedValue(before, value);
  }
  return merged;
}

function mergedValue(earlier: StatValue, later: StatValue): StatValue {
  if ("total" in later)
    return "total" in earlier ? { total: later.total, delta: u64(earlier.delta + later.delta) } : later;
  if ("buckets" in later)
    return "buckets" in earlier ? { ...later, delta: mergedCounts(earlier.delta, later.delta) } : later;
  if ("fields" in later) return "fields" in earlier ? { fields: mergedValues(earlier.fields, later.fields) } : later;
  if ("entries" in later)
    return "entries" in earlier ? { entries: mergedValues(earlier.entries, later.entries) } : later;
  if (!("items" in later) || !("items" in earlier)) return later;
  const { items } = earlier;
  return { items: later.items.map((item, i) => (items[i] === undefined ? item : mergedValue(items[i], item))) };
}

const mergedCounts = (earlier: HistogramCounts, later: HistogramCounts): HistogramCounts => ({
  count: u64(earlier.count + later.count),
  sum: u64(earlier.sum + later.sum),
  buckets: later.buckets.map((count, i) => u64(count + (earlier.buckets[i] ?? 0n))),
});
