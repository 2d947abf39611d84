// SPDX-License-Identifier: MIT
import type { Attributes, HrTime, ValueType } from "@opentelemetry/api";
import type { AggregationTemporality, DataPoint, DataPointType, MetricData } from "@opentelemetry/sdk-metrics";
import type { CounterValue, HistogramCounts, StatsSchema } from "../stats/schema.js";
import { decimal, shownBuckets } from "./exposition.js";
import { baseUnit, digitsOf, exportedName, type Metric, ownLabels, type Point, type Series } from "./metric.js";
import { entry } from "./place.js";
import type { SampleRecord } from "./sink.js";

/** The enumerations of OpenTelemetry's SDK: its modules are loaded when the sink is opened. */
export interface OtlpEnums {
  readonly ValueType: typeof ValueType;
  readonly AggregationTemporality: typeof AggregationTemporality;
  readonly DataPointType: typeof DataPointType;
}

/** Units in UCUM, as OTLP has them; of all others the name keeps the unit. */
const ucum: Readonly<Record<string, string>> = {
  seconds: "s",
  bytes: "By",
  hertz: "Hz",
  celsius: "Cel",
  joules: "J",
  watts: "W",
  volts: "V",
  amperes: "A",
  ratio: "1",
};

/** When a series began to count, and what it last was. */
interface Begun {
  since: bigint;
  /** What its samples say of that. */
  said: bigint | undefined;
  at: bigint;
  total: bigint;
}

/** The last sample of a source, which another one under other labels of the run follows. */
interface Last {
  readonly record: SampleRecord;
  readonly points: readonly Point[];
}

/**
 * Turns metric points into those of OTLP. Counters are monotonic sums and histograms have explicit bounds, both with their exact totals
 * since the run began; a total that fell begins anew, one under other labels of the run doesn't. Text and states are gauges, as in
 * Prometheus. The names are such that Prometheus, which puts unit and `_total` behind them, has the same ones by OTLP as by a scrape.
 */
export class OtlpMetrics {
  readonly #enums: OtlpEnums;
  readonly #delta: boolean;
  readonly #begun = new WeakMap<Series, Begun>();
  readonly #last = new WeakMap<StatsSchema, Map<string, Last>>();
  readonly #attributes = new WeakMap<Series, Attributes>();

  /** @param delta whether to give what was counted since the last sample instead */
  constructor(enums: OtlpEnums, delta: boolean) {
    this.#enums = enums;
    this.#delta = delta;
  }

  /** The metrics of some samples, those of the same name together. */
  of(samples: readonly (readonly [SampleRecord, readonly Point[]])[]): MetricData[] {
    const families = new Map<string, { metric: Metric; points: [SampleRecord, Point][] }>();
    for (const [record, points] of samples) {
      this.#goOn(record, points);
      for (const point of points) {
        const { metric } = point.series;
        const id = `${metric.kind} ${exportedName(metric)}`;
        const family = families.get(id);
        if (family) family.points.push([record, point]);
        else families.set(id, { metric, points: [[record, point]] });
      }
    }
    return Array.from(families.values(), ({ metric, points }) => this.#family(metric, points));
  }

  #family(metric: Metric, points: readonly [SampleRecord, Point][]): MetricData {
    const { ValueType, DataPointType, AggregationTemporality } = this.#enums;
    const unit = baseUnit(metric);
    const standard = unit && ucum[unit.name];
    const name = standard ? metric.name : exportedName(metric, metric.kind === "info");
    const whole = points.every(([, { series, value }]) => digitsOf(series.metric) === 0 && isInt(value));
    const about = {
      descriptor: {
        name,
        description: metric.help,
        unit: standard ?? (unit ? `{${unit.name}}` : ""),
        valueType: whole ? ValueType.INT : ValueType.DOUBLE,
      },
      aggregationTemporality: this.#delta ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
    };
    if (metric.kind === "counter")
      return {
        ...about,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: points.map(([record, { series, value }]) => {
          const { total, delta } = value as CounterValue;
          return this.#point(record, series, total, scaled(this.#delta ? delta : total, digitsOf(series.metric)));
        }),
      };
    if (metric.kind === "histogram")
      return {
        ...about,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: points.map(([record, { series, value }]) => {
          const counts = value as HistogramCounts & { delta: HistogramCounts };
          const shown = this.#delta ? counts.delta : counts;
          return this.#point(record, series, counts.count, histogram(shown, digitsOf(series.metric)));
        }),
      };
    return {
      ...about,
      dataPointType: DataPointType.GAUGE,
      dataPoints: points.map(([record, { series, value }]) =>
        this.#point(record, series, 0n, scaled((value as { value: bigint | number }).value, digitsOf(series.metric))),
      ),
    };
  }

  #point<T>(record: SampleRecord, series: Series, total: bigint, value: T): DataPoint<T> {
    const { at, interval } = record.sample;
    const start = this.#delta ? at - interval : this.#startOf(record, series, total);
    return { startTime: timeOf(start), endTime: timeOf(at), attributes: this.#attributesOf(record, series), value };
  }

  #startOf({ sample: { at, interval }, since }: SampleRecord, series: Series, total: bigint): bigint {
    const known = this.#begun.get(series);
    if (!known) {
      this.#begun.set(series, { since: since ?? at - interval, said: since, at, total });
      return since ?? at - interval;
    }
    if (since !== undefined && since !== known.said) [known.since, known.said] = [since, since];
    // Whoever counts it has begun again, whatever is said; samples that are tried once more are no newer.
    else if (total < known.total && at > known.at) known.since = known.at;
    if (at > known.at) Object.assign(known, { at, total });
    return known.since;
  }

  /** What a source's series were under other labels they go on to be: many a receiver has none of these labels, and sees one series. */
  #goOn(record: SampleRecord, points: readonly Point[]): void {
    const sources = entry(this.#last, record.schema, () => new Map<string, Last>());
    const source = JSON.stringify([record.group, record.sample.scheduler]);
    const last = sources.get(source);
    sources.set(source, { record, points });
    if (!last || this.#delta || points.every(({ series }) => this.#begun.has(series))) return;
    const nameOf = (of: SampleRecord, series: Series) =>
      JSON.stringify([series.metric.kind, series.metric.name, this.#attributesOf(of, series)]);
    const before = new Map(last.points.map(({ series }) => [nameOf(last.record, series), this.#begun.get(series)]));
    for (const { series } of points) {
      const begun = before.get(nameOf(record, series));
      if (begun && !this.#begun.has(series)) this.#begun.set(series, { ...begun });
    }
  }

  /** Labels without those of the whole machine, which are the resource's. */
  #attributesOf({ labels }: SampleRecord, series: Series): Attributes {
    const known = this.#attributes.get(series);
    if (known) return known;
    const attributes = Object.fromEntries(ownLabels(series, labels));
    this.#attributes.set(series, attributes);
    return attributes;
  }
}

/** ns since 1970 as OpenTelemetry has it. */
const timeOf = (ns: bigint): HrTime => [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];

const scaled = (value: bigint | number, digits: number): number => Number(decimal(value, digits));

/** OTLP's integers have a sign. */
const isInt = (value: Point["value"]): boolean => {
  const number = "value" in value ? value.value : "total" in value ? value.total : 0n;
  return typeof number === "bigint" && BigInt.asIntN(64, number) === number;
};

/** Its bounds are the largest values of each bucket, and belong to it. */
function histogram({ buckets, count, sum }: HistogramCounts, digits: number) {
  const shown = shownBuckets(buckets);
  const boundaries = Array.from({ length: shown }, (_, i) => scaled((1n << BigInt(i)) - 1n, digits));
  const counts = buckets.slice(0, shown).map(Number);
  counts.push(Number(buckets.slice(shown).reduce((all, events) => all + events, 0n)));
  return { buckets: { boundaries, counts }, count: Number(count), sum: scaled(sum, digits) };
}
