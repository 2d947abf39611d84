// SPDX-License-Identifier: MIT
import type { CounterValue, HistogramValue } from "../stats/schema.js";
import { decimal } from "./exposition.js";
import { withHost } from "./host.js";
import { digitsOf, exportedName, ownLabels, type Point } from "./metric.js";
import { MetricPoints } from "./points.js";
import type { SampleRecord } from "./sink.js";

/** What StatsD is told of one metric. */
export interface StatsdMetric {
  readonly kind: "count" | "gauge";
  readonly name: string;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** What names a metric, and does not change with its value. */
interface Named {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Turns samples into StatsD's metrics: what counters and histograms counted since the last sample, and gauges. What is zero is
 * not counted.
 *
 * - With tags (DogStatsD) all labels are tags.
 * - Without, a name has the host before it and the values of its own labels behind it: `hosta.scx_dispatched.simple.greedy`.
 *   A text has no place there.
 * - A histogram is counted exactly: as `NAME.count`, `NAME.sum`, and `NAME.bucket` for each size that occurred, with the largest
 *   value of that size (tag `max`, or behind the name in the statistic's own unit: `NAME.simple.bucket.7us`).
 */
export class StatsdMetrics {
  readonly #points = new MetricPoints();
  readonly #tagged: boolean;
  readonly #named = new WeakMap<Point["series"], Named>();

  constructor(tagged: boolean) {
    this.#tagged = tagged;
  }

  of(given: SampleRecord): StatsdMetric[] {
    const record = withHost(given);
    return this.#points.of(record).flatMap((point) => this.#metrics(record, point));
  }

  #metrics(record: SampleRecord, { series, value }: Point): StatsdMetric[] {
    const { metric } = series;
    if (metric.kind === "info" && !this.#tagged) return [];
    const named = this.#nameOf(record, series);
    const digits = digitsOf(metric);
    if (metric.kind === "counter") return counted(named, "", (value as CounterValue).delta, digits);
    if (metric.kind !== "histogram") {
      const { value: level } = value as { value: bigint | number };
      return gauge(named, Number(decimal(level, digits)));
    }
    const { count, sum, buckets } = (value as HistogramValue).delta;
    return [
      ...counted(named, ".count", count, 0),
      ...counted(named, ".sum", sum, digits),
      ...buckets.flatMap((events, i) => {
        const max = i === buckets.length - 1 ? "inf" : undefined;
        const largest = (1n << BigInt(i)) - 1n;
        if (this.#tagged) {
          const tags = { ...named.tags, max: max ?? decimal(largest, digits) };
          return counted({ ...named, tags }, ".bucket", events, 0);
        }
        return counted(named, `.bucket.${max ?? `${largest}${metric.unit ?? ""}`}`, events, 0);
      }),
    ];
  }

  #nameOf({ labels }: SampleRecord, series: Point["series"]): Named {
    const known = this.#named.get(series);
    if (known) return known;
    // It is no total that they are sent.
    const name = exportedName(series.metric, series.metric.kind === "info");
    const own = ownLabels(series, labels);
    const parts = [labels.host ?? "", name, ...own.map(([, value]) => value)];
    const named = this.#tagged ? { name, tags: series.labels } : { name: parts.map(partOf).join("."), tags: {} };
    this.#named.set(series, named);
    return named;
  }
}

/** One part of a name with dots between. */
const partOf = (text: string): string => text.replace(/[^a-zA-Z0-9_-]/g, "_");

function counted({ name, tags }: Named, suffix: string, delta: bigint, digits: number): StatsdMetric[] {
  return delta === 0n ? [] : [{ kind: "count", name: name + suffix, value: Number(decimal(delta, digits)), tags }];
}

/** With a sign, a gauge is moved by that much; so one below zero is set to zero first. */
function gauge(named: Named, value: number): StatsdMetric[] {
  const set: StatsdMetric = { ...named, kind: "gauge", value };
  return value < 0 ? [{ ...set, value: 0 }, set] : [set];
}
