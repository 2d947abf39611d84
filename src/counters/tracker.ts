// SPDX-License-Identifier: MIT
import {
  datumOf,
  type HistogramCounts,
  type Stat,
  type StatDatum,
  type StatsSchema,
  type StatValue,
  type StatValues,
} from "../stats/schema.js";
import { u64 } from "../stats/u64.js";

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
 * - A counter that goes back has begun anew: its total goes on, modulo 2^64. Where its source is known to have begun anew, they all have;
 *   also where it looks so ({@link fell}), unless they are of several sources.
 * - What is absent for once is left out, and goes on from where it was; so is a counter below zero, which can be none.
 * - A counter of a dictionary's key that wasn't there at the last reading counts from zero; one that goes is forgotten. Where the
 *   dictionary has the user attribute `_scx_standing`, its counters stood before their keys came (a CPU's): they count from what they were.
 * - A counter with the user attribute `_scx_delta` is read as what was added, and summed up here.
 */
export class Tracker {
  readonly #fromZero: boolean;
  readonly #together: boolean;
  #last = new Map<string, Last>();
  #now = new Map<string, Last>();
  #schema: StatsSchema | undefined;
  #fallen = 0;
  /** Counters that were there already, above zero. */
  #counted = 0;
  #below: string[] = [];
  /** Whether no counter goes on from its last reading. */
  #anew = false;

  /**
   * @param fromZero whether the first reading's deltas are all that was counted so far (a source that began with us), or nothing
   * (one that ran already)
   * @param together whether its counters begin anew together, as those of one process do, and not each for itself
   */
  constructor({ fromZero = false, together = true }: { fromZero?: boolean; together?: boolean } = {}) {
    this.#fromZero = fromZero;
    this.#together = together;
  }

  /** The counters that were below zero at the last reading: `doms.3.moved`. */
  get below(): readonly string[] {
    return this.#below;
  }

  /** Whether the last reading's counters look like those of a source that began anew: half of those that had counted, or more, went back. */
  get fell(): boolean {
    return this.#fallen > 0 && 2 * this.#fallen >= this.#counted;
  }

  /**
   * The values of one reading. Counters go on where another schema of the same name has them, too; those of another name begin anew.
   * @param began whether another source is read than last time, as far as one knows: the same that was started again, or its successor. What
   * it counted since then is in the deltas
   */
  read(schema: StatsSchema, values: ReadValues, { began = false }: { began?: boolean } = {}): StatValues {
    const first = this.#schema !== schema && !began && !this.#fromZero;
    if (this.#schema?.name !== schema.name) this.#last.clear();
    this.#schema = schema;
    this.#anew = false;
    let read = this.#pass(schema, values, first);
    // One counter alone may have gone back; of a source that was started again none is what it was, nor is one that is new.
    if ((this.#together && this.fell) || (began && this.#fallen > 0)) {
      this.#anew = true;
      read = this.#pass(schema, values, false);
    }
    // What wasn't met this time is forgotten.
    [this.#last, this.#now] = [this.#now, this.#last];
    return read;
  }

  #pass(schema: StatsSchema, values: ReadValues, first: boolean): StatValues {
    this.#now.clear();
    this.#fallen = 0;
    this.#counted = 0;
    this.#below = [];
    return this.#group(schema, values, "", first);
  }

  #group(schema: StatsSchema, values: ReadValues, where: string, first: boolean): StatValues {
    const read: StatValues = Object.create(null);
    for (const stat of schema.stats) {
      const value = this.#value(stat, values[stat.name], `${where}\0${stat.name}`, first);
      if (value !== undefined) read[stat.name] = value;
    }
    return read;
  }

  #value(stat: Stat, value: unknown, where: string, first: boolean): StatValue | undefined {
    const { kind, type } = stat;
    if (value === undefined) {
      if (kind !== "gauge" || typeof type === "object") this.#keep(where);
      return undefined;
    }
    if (kind === "histogram") return this.#histogram(value as HistogramCounts, where, first);
    const stands = first || stat.user?._scx_standing !== undefined;
    const one = (item: unknown, key: unknown) =>
      this.#datum(stat, type && datumOf(type), item, `${where}\0${key}`, stands);
    if (value instanceof Map) {
      const entries: Record<string, StatValue> = Object.create(null);
      for (const [key, item] of value) {
        const entry = one(item, key);
        if (entry !== undefined) entries[key] = entry;
      }
      return { entries };
    }
    if (!Array.isArray(value)) return this.#datum(stat, type && datumOf(type), value, where, first);
    // Without one item the others would move up.
    const items = value.map(one);
    return items.every((item) => item !== undefined) ? { items } : undefined;
  }

  #datum(
    { kind, user }: Stat,
    datum: StatDatum | undefined,
    value: unknown,
    where: string,
    first: boolean,
  ): StatValue | undefined {
    if (value === undefined) return this.#keep(where);
    if (kind === "counter" && (value as bigint) < 0n) {
      this.#below.push(where.slice(1).replaceAll("\0", "."));
      return this.#keep(where);
    }
    if (typeof datum === "object") return { fields: this.#group(datum.struct, value as ReadValues, where, first) };
    if (kind !== "counter") return { value: value as bigint | number | string };
    if (user?._scx_delta === undefined) return this.#counter(value as bigint, where, first);
    const total = u64((this.#last.get(where)?.raw ?? 0n) + (value as bigint));
    this.#now.set(where, { raw: total, before: 0n });
    return { total, delta: value as bigint };
  }

  /** What was counted there is not forgotten. */
  #keep(where: string): undefined {
    for (const [known, last] of this.#last)
      if (known === where || known.startsWith(`${where}\0`)) this.#now.set(known, last);
  }

  /** @param anew whether it is known to have begun anew, whatever it says itself */
  #counter(raw: bigint, where: string, first: boolean, anew = false): { total: bigint; delta: bigint } {
    const last = this.#last.get(where);
    const fell = last !== undefined && raw < last.raw;
    if (last !== undefined && last.raw > 0n) this.#counted++;
    if (fell) this.#fallen++;
    return this.#count(raw, where, last, { first, anew: this.#anew || anew || fell });
  }

  /** @param how whether it is the first reading of all, and whether it begins anew behind its last one */
  #count(raw: bigint, where: string, last: Last | undefined, how: { first: boolean; anew: boolean }) {
    if (last === undefined) {
      this.#now.set(where, { raw, before: 0n });
      return { total: raw, delta: how.first ? 0n : raw };
    }
    const before = how.anew ? u64(last.before + last.raw) : last.before;
    this.#now.set(where, { raw, before });
    return { total: u64(before + raw), delta: how.anew ? raw : u64(raw - last.raw) };
  }

  #histogram({ count, sum, buckets }: HistogramCounts, where: string, first: boolean): StatValue {
    const [ofCount, ofSum] = [`${where}\0count`, `${where}\0sum`];
    // The sum is one mod 2^64, which goes back by itself.
    const anew = this.#anew || count < (this.#last.get(ofCount)?.raw ?? 0n);
    const counts = this.#counter(count, ofCount, first);
    const sums = this.#count(sum, ofSum, this.#last.get(ofSum), { first, anew });
    const each = buckets.map((raw, i) => this.#counter(raw, `${where}\0${i}`, first, anew));
    const side = (of: "total" | "delta") => ({
      count: counts[of],
      sum: sums[of],
      buckets: each.map((bucket) => bucket[of]),
    });
    return { ...side("total"), delta: side("delta") };
  }
}
