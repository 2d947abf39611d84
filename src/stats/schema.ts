// SPDX-License-Identifier: MIT
import type { Domain } from "../kernel/topology.js";

/**
 * How a statistic behaves: a counter only grows, a gauge goes up and down, a histogram counts values by their size.
 */
export type StatKind = "counter" | "gauge" | "histogram";

/** Type of one value, in the words of the scx_stats protocol. */
export type ScalarType = "u64" | "i64" | "float" | "string";

/** Type of a dictionary's keys, which travel as strings. */
export const keyTypes = ["u64", "i64", "string"] as const;
export type KeyType = (typeof keyTypes)[number];

/** One value, or a group of statistics with names of their own. */
export type StatDatum = ScalarType | { readonly struct: StatsSchema };

/** What a statistic holds: one, a list of them, or a dictionary. */
export type StatType = StatDatum | { readonly array: StatDatum } | { readonly dict: StatDatum; readonly key: KeyType };

/** Attributes for tools, whose names start with `_`: `_om_prefix`, `_om_label`, `_om_skip`. */
export type UserAttributes = Readonly<Record<`_${string}`, string>>;

/** What one statistic is: its name and meaning, not its value. */
export interface Stat {
  readonly name: string;
  readonly kind: StatKind;
  /** u64 for counters and i64 for gauges unless given; a histogram has none. */
  readonly type?: StatType;
  readonly desc?: string;
  /** Unit in Prometheus' base-unit spelling (`seconds`, `bytes`), or absent for plain events. */
  readonly unit?: string;
  /** The family that it is one of, and the labels that tell it from the others: `dispatched{type="greedy"}`. */
  readonly family?: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly user?: UserAttributes;
}

/** The statistics of one scheduler, or of one group, in the order of their declaration. */
export interface StatsSchema {
  /** Name of the BTF struct that declares them (`simple_stats`), or the scheduler's. */
  readonly name: string;
  readonly desc?: string;
  readonly user?: UserAttributes;
  /** Whether target `top` answers with it; a sampler's schema does anyway. */
  readonly top?: boolean;
  readonly stats: readonly Stat[];
}

/** A counter's value for one consumer. Both are exact u64 counts of events. */
export interface CounterValue {
  /** Since the run began, over scheduler restarts. */
  total: bigint;
  /** Since this consumer's previous sample; the first one counts from attach. */
  delta: bigint;
}

/** A gauge's value, summed over CPUs where it is kept per CPU. */
export interface GaugeValue<T extends bigint | number | string = bigint | number | string> {
  value: T;
}

/** Buckets of every histogram: enough for all 64 bits but the topmost two, which share the last. */
export const histogramBuckets = 64;

/** How many values there were of each size. */
export interface HistogramCounts {
  /** All values. */
  count: bigint;
  /** Their sum, mod 2^64. */
  sum: bigint;
  /** Zeros in the first; in the i-th those from 2^(i-1) to 2^i - 1; the last also has all that are larger. */
  buckets: bigint[];
}

/** A histogram's value for one consumer: since the run began, and since this consumer's previous sample. */
export interface HistogramValue extends HistogramCounts {
  delta: HistogramCounts;
}

/** Values by key, which is always a text here. */
export interface DictionaryValue<V = StatValue> {
  entries: Readonly<Record<string, V>>;
}

/** Values in a list, a dictionary or a group. */
export type ContainerValue =
  | { items: readonly StatValue[] }
  | DictionaryValue
  | { fields: Readonly<Record<string, StatValue>> };

export type StatValue = CounterValue | GaugeValue | HistogramValue | ContainerValue;

/** Values of statistics by name. */
export type StatValues = Record<string, StatValue>;

/** Whether it is a dictionary: a value for each key. */
export const isKeyed = ({ type }: Stat): boolean => typeof type === "object" && "dict" in type;

/** What a type is made of: what a list or a dictionary has, or itself. */
export function datumOf(type: StatType): StatDatum {
  if (typeof type !== "object" || "struct" in type) return type;
  return "array" in type ? type.array : type.dict;
}

/** One reading of all statistics, for one consumer. */
export interface Sample<S extends StatValues = StatValues> {
  /** ns since 1970. */
  at: bigint;
  /** ns since this consumer's previous sample (the first: since attach). */
  interval: bigint;
  /** Goes up by one with each restart of the scheduler within a run. */
  epoch: number;
  /** The scheduler's name as the kernel knows it (`ops.name`). */
  scheduler: string;
  /** sched_ext's state: `enabled`, `disabled`, `enabling`, `disabling`. */
  state: string;
  stats: S;
  /**
   * On request ({@link SamplerOptions.by}): what is kept per CPU, summed over groups of CPUs, by their names. A group is called by
   * the numbers of its CPUs (`0-3`), a node by its own.
   */
  by?: { readonly [D in Domain]?: Readonly<Record<string, Partial<S>>> };
}
