// SPDX-License-Identifier: MIT
import type {
  HistogramCounts,
  Stat,
  StatDatum,
  StatsSchema,
  StatType,
  StatValue,
  StatValues,
} from "../stats/schema.js";

/** Values as they are read: groups as objects, dictionaries as Map, lists as arrays, counters and levels as bigint. */
export type ReadValues = Readonly<Record<string, unknown>>;

/** What a counter was at the last reading, and what it counted before its source began anew. */
interface Last {
  raw: bigint;
  before: bigint;
}

/**
 * Makes values of a sample (totals, and deltas since the last reading) of values that come from user space: from a socket's
 * reply ({@link decodeValues}), from /proc, from a program's own counting. One for each source; pure arithmetic.
 *
 * - A counter that goes back has begun anew: its total goes on.
 * - A counter of a dictionary's key that wasn't there at the last reading counts from zero; one that goes is forgotten. Where the
 *   dictionary has the user attribute `_scx_standing`, its counters stood before their keys came (a CPU's): they count from what they were.
 * - A counter with the user attribute `_scx_delta` is read as what was added, and summed up here.
 */
export class Tracker {
  readonly #fromZero: boolean;
  #last = new Map<string, Last>();
  #now = new Map<string, Last>();
  #schema: StatsSchema | undefined;

  /**
   * @param fromZero whether the first reading's deltas are all that was counted so far (a source that began with us), or nothing
   * (one that ran already)
   */
  constructor({ fromZero = false }: { fromZero?: boolean } = {}) {
    this.#fromZero = fromZero;
  }

  /** The values of one reading. Those of another schema begin anew. */
  read(schema: StatsSchema, values: ReadValues): StatValues {
    const first = this.#schema !== schema;
    if (first) this.#last.clear();
    this.#schema = schema;
    const read = this.#group(schema, values, "", first && !this.#fromZero);
    // What wasn't met this time is forgotten.
    [this.#last, this.#now] = [this.#now, this.#last];
    this.#now.clear();
    return read;
  }

  #group(schema: StatsSchema, values: ReadValues, where: string, first: boolean): StatValues {
    const read: StatValues = Object.create(null);
    for (const stat of schema.stats) {
      const value = values[stat.name];
      if (value !== undefined) read[stat.name] = this.#value(stat, value, `${where}\0${stat.name}`, first);
    }
    return read;
  }

  #value(stat: Stat, value: unknown, where: string, first: boolean): StatValue {
    const { kind, type } = stat;
    if (kind === "histogram") return this.#histogram(value as HistogramCounts, where, first);
    const stands = first || stat.user?._scx_standing !== undefined;
    const one = (item: unknown, key: unknown) => this.#datum(stat, datumOf(type), item, `${where}\0${key}`, stands);
    if (value instanceof Map)
      return {
        entries: Object.assign(
          Object.create(null),
          Object.fromEntries([...value].map(([key, item]) => [key, one(item, key)])),
        ),
      };
    if (Array.isArray(value)) return { items: value.map(one) };
    return this.#datum(stat, datumOf(type), value, where, first);
  }

  #datum({ kind, user }: Stat, datum: StatDatum | undefined, value: unknown, where: string, first: boolean): StatValue {
    if (typeof datum === "object") return { fields: this.#group(datum.struct, value as ReadValues, where, first) };
    if (kind !== "counter") return { value: value as bigint | number | string };
    if (user?._scx_delta === undefined) return this.#counter(value as bigint, where, first);
    const total = (this.#last.get(where)?.raw ?? 0n) + (value as bigint);
    this.#now.set(where, { raw: total, before: 0n });
    return { total, delta: value as bigint };
  }

  #counter(raw: bigint, where: string, first: boolean): { total: bigint; delta: bigint } {
    const last = this.#last.get(where);
    const anew = last !== undefined && raw < last.raw;
    const before = (last?.before ?? 0n) + (anew ? last.raw : 0n);
    this.#now.set(where, { raw, before });
    if (last === undefined) return { total: raw, delta: first ? 0n : raw };
    return { total: before + raw, delta: anew ? raw : raw - last.raw };
  }

  #histogram({ count, sum, buckets }: HistogramCounts, where: string, first: boolean): StatValue {
    const one = (raw: bigint, part: string) => this.#counter(raw, `${where}\0${part}`, first);
    const [counts, sums, each] = [one(count, "count"), one(sum, "sum"), buckets.map((raw, i) => one(raw, `${i}`))];
    const side = (of: "total" | "delta") => ({
      count: counts[of],
      sum: sums[of],
      buckets: each.map((bucket) => bucket[of]),
    });
    return { ...side("total"), delta: side("delta") };
  }
}

/** What a statistic, or each of its parts, is. */
function datumOf(type: StatType | undefined): StatDatum | undefined {
  if (typeof type !== "object") return type;
  return "array" in type ? type.array : "dict" in type ? type.dict : type;
}
