// SPDX-License-Identifier: MIT

/** How a statistic behaves: a counter only grows, a gauge goes up and down. */
export type StatKind = "counter" | "gauge";

/** What one statistic is: its name and meaning, not its value. */
export interface Stat {
  readonly name: string;
  readonly kind: StatKind;
  readonly desc?: string;
  /** Unit in Prometheus' base-unit spelling (`seconds`, `bytes`), or absent for plain events. */
  readonly unit?: string;
}

/** The statistics of one scheduler, in the order of their declaration. */
export interface StatsSchema {
  /** Name of the BTF struct that declares them (`simple_stats`), or the scheduler's. */
  readonly name: string;
  readonly desc?: string;
  readonly stats: readonly Stat[];
}

/** A counter's value for one consumer. Both are exact u64 counts of events. */
export interface CounterValue {
  /** Since the run began, over scheduler restarts. */
  total: bigint;
  /** Since this consumer's previous sample; the first one counts from attach. */
  delta: bigint;
}

/** A gauge's value, summed over CPUs. */
export interface GaugeValue {
  value: bigint;
}

export type StatValue = CounterValue | GaugeValue;

/** One reading of all statistics, for one consumer. */
export interface Sample {
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
  stats: Record<string, StatValue>;
}
