// SPDX-License-Identifier: MIT
import { type Labels, labelOf, type Metric, type MetricKind, type Series } from "./metric.js";

/** Labels around those by dictionaries and lists: the scheduler's and the family's before them, the record's behind them. */
export interface Outer {
  readonly first: Labels;
  readonly last: Labels;
}

/** The value of a key, made when it is asked for the first time. */
export function entry<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** A place in a sample that has a value, and the series found there so far. */
export class Place {
  readonly outer: Outer;
  /** Labels by the dictionaries and lists that it is in. */
  readonly keys: Labels;
  readonly metric: Metric;
  /** The label that tells its parts apart, where they are a dictionary's or a list's. */
  label: string | undefined;
  #series: Series | undefined;
  readonly #parts = new Map<string, Place>();

  constructor(outer: Outer, keys: Labels, metric: Metric) {
    this.outer = outer;
    this.keys = keys;
    this.metric = metric;
  }

  /** Its only series. @param own labels of its own */
  series(own?: Labels): Series {
    this.#series ??= { metric: this.metric, labels: this.#labels(own) };
    return this.#series;
  }

  /** A place in this one. */
  part(key: string): Place | undefined {
    return this.#parts.get(key);
  }

  add(key: string, part: Place): Place {
    this.#parts.set(key, part);
    return part;
  }

  /** A place for one of a dictionary or a list. */
  keyed(label: string, key: string): Place {
    return this.part(key) ?? this.add(key, new Place(this.outer, { ...this.keys, [label]: key }, this.metric));
  }

  /** The series for one of several texts. */
  text(kind: MetricKind, label: string, text: string): Series {
    const part = this.part(text) ?? this.add(text, new Place(this.outer, this.keys, { ...this.metric, kind }));
    return part.series({ [label]: text });
  }

  /** Forgets all parts but these. */
  keep(keys: readonly string[]): void {
    if (this.#parts.size === keys.length) return;
    const kept = new Set(keys);
    for (const key of this.#parts.keys()) if (!kept.has(key)) this.#parts.delete(key);
  }

  /** Whether a label of that name is there already. */
  has(label: string): boolean {
    return Object.hasOwn(this.outer.first, label) || Object.hasOwn(this.keys, label);
  }

  /** A statistic's own labels count, the record's of the same name don't. */
  #labels(own: Labels | undefined): Labels {
    const inner = { ...this.outer.first, ...this.keys, ...own };
    const last = Object.entries(withNames(this.outer.last)).filter(([name]) => !Object.hasOwn(inner, name));
    return { ...inner, ...Object.fromEntries(last) };
  }
}

/** Labels with names that can be. */
export const withNames = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [labelOf(name), value]));
