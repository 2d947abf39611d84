// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { CurrentPoints } from "./current.js";
import { decimal, shownBuckets, upperBound } from "./exposition.js";
import { digitsOf, exportedName, type Labels, type Point } from "./metric.js";
import type { Sink, SinkRecord } from "./sink.js";

const log = logger("sink");

/** What is needed of prom-client's `Registry` (an optional package; 15 is what we test with). */
export interface PromClientRegistry {
  readonly contentType: string;
  // biome-ignore lint/suspicious/noExplicitAny: prom-client's own type is its union of classes
  registerMetric(metric: any): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** One value as prom-client has it. */
interface PromClientValue {
  readonly value: number;
  readonly labels: Labels;
  readonly metricName?: string;
}

/**
 * A sink that shows its metrics in a program's own prom-client registry, beside the program's: those of the last tick, with the
 * names and labels that the sink `prometheus` gives them. prom-client knows numbers only, so counts over 2^53 are rounded here;
 * and neither times of creation nor units.
 *
 *     const queue = new SinkQueue("prom-client", promClientSink(register), { metrics: true });
 */
export function promClientSink(registry: PromClientRegistry): Sink {
  return new PromClientSink(registry);
}

class PromClientSink implements Sink {
  readonly #registry: PromClientRegistry;
  readonly #current = new CurrentPoints();
  readonly #registered = new Map<string, object>();
  readonly #taken = new Set<string>();
  #families: { version: number; points: Map<string, Point[]> } = { version: -1, points: new Map() };

  constructor(registry: PromClientRegistry) {
    this.#registry = registry;
  }

  write(records: readonly SinkRecord[]): void {
    this.#current.take(records);
    const families = this.#byName();
    for (const name of this.#registered.keys()) if (!families.has(name)) this.#remove(name);
    for (const [name, [first]] of families) if (first && !this.#registered.has(name)) this.#register(name, first);
  }

  close(): void {
    for (const name of this.#registered.keys()) this.#remove(name);
  }

  #register(name: string, { series: { metric } }: Point): void {
    const { kind, help } = metric;
    const type = kind === "counter" || kind === "histogram" ? kind : "gauge";
    const get = () => {
      // For OpenMetrics it adds `_total` by itself.
      const stem = type === "counter" && this.#registry.contentType.includes("openmetrics");
      const shown = stem ? exportedName(metric, false) : name;
      const values = (this.#byName().get(name) ?? []).flatMap((point) => valuesOf(name, point));
      return Promise.resolve({ name: shown, help, type, aggregator: "sum", values });
    };
    const made = { name, help, type, aggregator: "sum", get, reset: () => {} };
    const theirs = this.#registry.getSingleMetric(name);
    if (theirs !== undefined) {
      if (!this.#taken.has(name)) log.warn(`${name} is the program's own metric, and not shown`);
      this.#taken.add(name);
      return;
    }
    this.#registry.registerMetric(made);
    this.#registered.set(name, made);
  }

  #remove(name: string): void {
    if (this.#registry.getSingleMetric(name) === this.#registered.get(name)) this.#registry.removeSingleMetric(name);
    this.#registered.delete(name);
  }

  #byName(): Map<string, Point[]> {
    const all = this.#current.all();
    if (this.#families.version === this.#current.version) return this.#families.points;
    const points = new Map<string, Point[]>();
    for (const point of all) {
      const name = exportedName(point.series.metric);
      const family = points.get(name);
      if (!family) points.set(name, [point]);
      else if (family[0]?.series.metric.kind === point.series.metric.kind) family.push(point);
    }
    this.#families = { version: this.#current.version, points };
    return points;
  }
}

function valuesOf(name: string, { series: { metric, labels }, value }: Point): PromClientValue[] {
  const digits = digitsOf(metric);
  const number = (exact: bigint | number) => Number(decimal(exact, digits));
  if ("total" in value) return [{ value: number(value.total), labels }];
  if ("value" in value) return [{ value: number(value.value), labels }];
  const { buckets, count, sum } = value;
  let upTo = 0n;
  const bounded = buckets.slice(0, shownBuckets(buckets)).map((events, i) => {
    upTo += events;
    return { value: Number(upTo), labels: { ...labels, le: upperBound(i, digits) }, metricName: `${name}_bucket` };
  });
  return [
    ...bounded,
    { value: Number(count), labels: { ...labels, le: "+Inf" }, metricName: `${name}_bucket` },
    { value: number(sum), labels, metricName: `${name}_sum` },
    { value: Number(count), labels, metricName: `${name}_count` },
  ];
}
