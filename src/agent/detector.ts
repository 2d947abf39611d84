// SPDX-License-Identifier: MIT
import { perSecond } from "../counters/rate.js";
import { pattern } from "../pattern.js";
import type { SampleRecord } from "../sinks/sink.js";
import { keyDot, visitValues } from "../stats/visit.js";

/** A sample as detectors see it. */
export interface SeenSample {
  /** The group that it is of: `stats`, `cpu`… */
  readonly group: string;
  /**
   * Which of the group's sources it is of: `self` has two, this process and its sinks, whose samples come in turn. A scheduler's statistics are
   * another one each time that they begin anew: another scheduler's, or those of one that was away.
   */
  readonly source: string;
  readonly scheduler: string;
  /** ns since 1970, by a clock that may be set: what lasted how long {@link interval} says. */
  readonly at: bigint;
  /** ns since the source's sample before; for the first, since it began, or 0. */
  readonly interval: bigint;
  /**
   * Its values by the dotted names of the bulk call (`stats.local`, `cpu.0.use`): a gauge's level; what a counter, or a histogram's
   * count, grew by a second. Texts are left out.
   */
  readonly values: ReadonlyMap<string, number>;
  /** Names that have dots within their parts (a dictionary's key `user.slice`), with {@link keyDot} in place of these: what `*` stands for. */
  readonly exact: ReadonlyMap<string, string>;
  /** The same, whole. */
  readonly record: SampleRecord;
}

/** One value that isn't as it should be. */
export interface Anomaly {
  /** Which value, by its dotted name. */
  readonly metric: string;
  readonly value: number;
  /** What it was held against. */
  readonly limit?: number;
  /** What is wrong, in a few words for people: `over 0.9 for 30 s`. */
  readonly why: string;
  readonly severity?: "info" | "warning" | "error";
}

/**
 * Looks for anomalies. The agent begins one when it is first yielded and ends it when a sample of the same group and source comes without;
 * both are events for sinks, and counted.
 */
export interface Detector {
  /** What is wrong with this sample. Runs between ticks: no waiting, and no more work than arithmetic. */
  see(sample: SeenSample): Iterable<Anomaly>;
  /** Nothing comes of this source any more, or it has begun anew: what is known of it can go. */
  forget?(source: string): void;
}

/**
 * What a detector sees of a record. A CPU's and a domain's names need no group before them.
 * @param begun how often its source has begun anew
 */
export function seen(record: SampleRecord, begun = 0): SeenSample {
  const { group, schema, sample } = record;
  const values = new Map<string, number>();
  const exactNames = new Map<string, string>();
  visitValues(group === "cpu" ? "" : group, schema, sample.stats, (name, _, value, exact) => {
    if (exact !== undefined) exactNames.set(name, exact);
    if ("total" in value) values.set(name, perSecond(value.delta, sample.interval));
    else if ("buckets" in value) values.set(name, perSecond(value.delta.count, sample.interval));
    else if (typeof value.value !== "string") values.set(name, Number(value.value));
  });
  const { scheduler, at, interval } = sample;
  const source = `${group}/${schema.name}${begun > 0 ? `/${begun}` : ""}`;
  return { group, source, scheduler, at, interval, values, exact: exactNames, record };
}

/**
 * The names that a pattern stands for: `*` is one part of a dotted name, `cpu.*.use`, whatever is in that; a part's own dots, which are
 * {@link keyDot}s here, are written as they are.
 */
export const metricPattern = (text: string): ((name: string) => boolean) => pattern(text, "[^.]+", `[.${keyDot}]`);

/** Those of a sample that a pattern stands for. Names repeat, so each is looked at once. */
export class Chosen {
  readonly #matches: (name: string) => boolean;
  readonly #known = new Map<string, boolean>();

  constructor(pattern: string) {
    this.#matches = metricPattern(pattern);
  }

  *of(sample: SeenSample): Generator<[name: string, value: number]> {
    if (this.#known.size > 100_000) this.#known.clear(); // names that come and go
    for (const [name, value] of sample.values) {
      let known = this.#known.get(name);
      if (known === undefined) {
        known = this.#matches(sample.exact.get(name) ?? name);
        this.#known.set(name, known);
      }
      if (known) yield [name, value];
    }
  }
}

/** The options that tell of a metric, in every shipped detector's schema. */
export const metricOption = {
  metric: {
    type: "string",
    minLength: 1,
    description: "which values, by dotted name: stats.local, cpu.*.use. Of a counter it is what it grows by a second",
  },
  severity: { enum: ["info", "warning", "error"], default: "warning", description: "of its anomalies" },
} as const;

/** What all shipped detectors are given. */
export interface MetricOptions {
  metric: string;
  severity: "info" | "warning" | "error";
}

/** For people: few digits. */
export const shown = (value: number): string => `${Number(value.toPrecision(6))}`;

/** Limits of a value, at least one of which is given. */
export interface Limits {
  above?: number;
  below?: number;
}

/** Which limit a value is beyond, and on which side; undefined for one within them. */
export function beyond(value: number, { above, below }: Limits): { limit: number; side: string } | undefined {
  if (above !== undefined && value > above) return { limit: above, side: `over ${shown(above)}` };
  if (below !== undefined && value < below) return { limit: below, side: `under ${shown(below)}` };
  return undefined;
}
