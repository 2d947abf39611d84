// SPDX-License-Identifier: MIT
import type { CounterValue, GaugeValue, HistogramValue } from "../stats/schema.js";
import { type BaseUnit, baseUnitOf } from "../stats/unit.js";

/** Labels in the order in which they are shown. Names are of Prometheus' characters already. */
export type Labels = Readonly<Record<string, string>>;

/**
 * What a metric is. A text is an `info`: its value is 1 and the text a label. A text of few known values is a `stateset`: a
 * series for each value, in the label named as the metric, 1 for the one that it has and 0 for the others.
 */
export type MetricKind = "counter" | "gauge" | "histogram" | "info" | "stateset";

/** What several series have in common: a statistic's family. */
export interface Metric {
  /** `scx_<prefix><family or name>`, of Prometheus' characters; without unit, `_total` or `_info`. {@link exportedName} puts them together. */
  readonly name: string;
  readonly kind: MetricKind;
  /** As the statistic declares it: `seconds`, `bytes`, `ns`. */
  readonly unit: string | undefined;
  /** What it means. */
  readonly help: string;
}

/** One metric under one set of labels. The same object as long as it is there, so that a sink can keep by it what it derives. */
export interface Series {
  readonly metric: Metric;
  readonly labels: Labels;
}

/**
 * A series' value, exact, as it stands in the sample: `total` and `delta`, or `value` (1n and 0n for info and stateset), or
 * `buckets`, `count`, `sum` and their `delta`. To convert to float64 is for the sink that knows no other numbers.
 */
export interface Point {
  readonly series: Series;
  readonly value: CounterValue | GaugeValue<bigint | number> | HistogramValue;
  /** When its total began to count, ns since 1970, where that is known. */
  readonly since?: bigint | undefined;
}

/** The base unit of what a metric's values are in, of Prometheus' characters. */
export function baseUnit({ unit }: Metric): BaseUnit | undefined {
  const base = baseUnitOf(unit);
  return base && { ...base, name: nameOf(base.name) };
}

/** Decimal digits that a metric's values move, to be in its base unit. Metrics of one name may differ in that: ms and us are both seconds. */
export const digitsOf = ({ unit }: Metric): number => baseUnitOf(unit)?.digits ?? 0;

/**
 * The name as contract and Prometheus have it: `scx_waited_seconds_total`. The unit is the base unit, so values go with
 * {@link digitsOf} them. What is in the statistic's own name already isn't said twice.
 * @param suffix whether with `_total` or `_info` at its end, which OpenMetrics leaves to the single series
 */
export function exportedName(metric: Metric, suffix = true): string {
  const { name, kind } = metric;
  const unit = baseUnit(metric)?.name;
  const stem = name.replace(kind === "info" ? /_info$/ : kind === "counter" ? /_total$/ : /(?!)/, "");
  const base = unit === undefined || stem.endsWith(`_${unit}`) ? stem : `${stem}_${unit}`;
  const ends: Partial<Record<MetricKind, string>> = { counter: "_total", info: "_info" };
  return suffix ? base + (ends[kind] ?? "") : base;
}

/** A name of Prometheus' characters, as a part of a longer one. */
export const nameOf = (text: string): string => text.replace(/[^a-zA-Z0-9_]/g, "_");

/**
 * A label's name: as {@link nameOf}, neither beginning with a digit nor with the `__` that Prometheus keeps for itself, nor one of
 * the two that tell a histogram's and a summary's series apart.
 */
export const labelOf = (text: string): string =>
  nameOf(text)
    .replace(/^__+/, "_")
    .replace(/^(?=\d|$)/, "_")
    .replace(/^(le|quantile)$/, "$1_");

/** A series' labels without those of the whole machine, for destinations that keep these elsewhere. The scheduler stays in any case. */
export const ownLabels = ({ labels }: Series, machine: Labels): [string, string][] =>
  Object.entries(labels).filter(([name, value]) => name === "scheduler" || machine[name] !== value);
