// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import type { CpuGroups, Domain } from "../kernel/topology.js";
import { countsAt } from "../source/histogram.js";
import type { CpuPart } from "../source/joined.js";
import type { Slot } from "../source/reader.js";
import { groupSlots, groupSums, inWord } from "../source/rollup.js";
import type { CounterValue, Sample, Stat, StatsSchema, StatValue } from "../stats/schema.js";
import { u64 } from "../stats/u64.js";
import { GoneKeys, mostCpuKeys } from "./gone.js";
import { dictionaryAt, ownCounts } from "./places.js";

/** What each CPU has counted, for one consumer or for the run. */
export class CpuCounters {
  /** By part. */
  readonly parts: readonly Counters[];
  /** What keys of dictionaries counted that went before it read; by statistic and row, see {@link goneNumber}. */
  readonly gone = new GoneKeys(mostCpuKeys);

  constructor(parts: readonly Counters[]) {
    this.parts = parts;
  }

  /** Takes over what was read. */
  advance(): void {
    for (const one of this.parts) one.advance();
  }
}

const goneNumber = ({ cpus }: CpuPart, stat: number, row: number): number => stat * cpus.length + row;

/** The keys of a dictionary in each row of a part. */
export interface KeyRows {
  readonly part: CpuPart;
  /** The part's number. */
  readonly at: number;
  readonly rows: readonly (readonly Slot[])[];
}

/** Baselines of CPUs never move, whichever group they are in: a CPU that comes or goes takes nothing along. */
export class CpuRollups {
  readonly #parts: readonly CpuPart[];
  readonly #groups: readonly CpuGroups[];

  constructor(parts: readonly CpuPart[], groups: readonly CpuGroups[]) {
    this.#parts = parts;
    this.#groups = groups;
  }

  /** Counters over what the kernel has. */
  run(): CpuCounters {
    return new CpuCounters(this.#parts.map(({ words, used }) => new Counters(words, used)));
  }

  /** A consumer's, over the run's. */
  consumer(run: CpuCounters): CpuCounters {
    return new CpuCounters(run.parts.map(({ total }, i) => new Counters(total, this.#parts[i]?.used)));
  }

  /** The keys of a dictionary on each CPU, or only those that have gone; undefined where it isn't kept per CPU. */
  keyRows(stat: number, gone: boolean): KeyRows | undefined {
    const at = this.#parts.findIndex((part) => part.slots && part.stats.has(stat));
    const part = this.#parts[at];
    return part?.slots && { part, at, rows: part.slots(stat, gone) };
  }

  /** Keeps what these keys have counted since the consumer read, of those that counted on any CPU. */
  keepGone(stat: number, { part, at, rows }: KeyRows, { parts, gone }: CpuCounters): void {
    const { total } = parts[at] as Counters;
    const since = (word: number) => u64((part.words[word] ?? 0n) - (total[word] ?? 0n));
    const own = rows.map((slots) => ownCounts(slots, part.words, since));
    for (const key of Object.keys(own[0] ?? {})) {
      if (!own.some((row) => (row[key]?.delta ?? 0n) > 0n)) continue;
      own.forEach((row, i) => {
        const counts = row[key];
        const number = goneNumber(part, stat, i);
        // Most keys were never on most CPUs.
        if (counts && (counts.total > 0n || gone.has(number, key))) gone.add(number, key, counts);
      });
    }
  }

  /** `by` of a sample. */
  values(schema: StatsSchema, counters: CpuCounters): NonNullable<Sample["by"]> {
    const by: Partial<Record<Domain, Record<string, Record<string, StatValue>>>> = {};
    const rowsOf = this.#parts.map(
      ({ stats, slots }) => new Map(slots && [...stats.keys()].map((at) => [at, slots(at)])),
    );
    for (const groups of this.#groups) {
      const { domain, names, groups: ofCpu } = groups.current();
      const values: Record<string, StatValue>[] = names.map(() => Object.create(null));
      this.#parts.forEach((part, i) => {
        const own = counters.parts[i] as Counters;
        for (const [stat, rows] of rowsOf[i] ?? []) {
          const of = schema.stats[stat] as Stat;
          const slots = groupSlots(rows, part, ofCpu, names.length);
          const gone = groupGone(counters.gone, stat, part, ofCpu, names.length);
          values.forEach((value, group) => {
            value[of.name] = dictionaryAt(of, slots[group] ?? [], part.words, own, gone[group]);
          });
        }
        if (part.slots) return;
        const sums = (words: BigUint64Array) => groupSums(words, part, ofCpu, names.length);
        const grouped = { total: sums(own.total), delta: sums(own.delta), level: sums(part.words) };
        for (const [stat, word] of part.stats)
          values.forEach((value, group) => {
            const of = schema.stats[stat] as Stat;
            value[of.name] = valueAt(of, grouped, group * part.width + word);
          });
      });
      by[domain] = Object.fromEntries(names.map((name, group) => [name, values[group] as Record<string, StatValue>]));
    }
    return by;
  }
}

/** What keys that are gone counted on the CPUs of each group, which all have all of them. */
function groupGone(
  gone: GoneKeys,
  stat: number,
  part: CpuPart,
  groups: Uint32Array,
  count: number,
): readonly Map<string, CounterValue>[] {
  const rows = part.cpus.map((_, row) => [...gone.of(goneNumber(part, stat, row))]);
  const keys = [...new Set(rows.flatMap((row) => row.map(([key]) => key)))];
  const sums = Array.from({ length: count }, () => new Map(keys.map((key) => [key, { total: 0n, delta: 0n }])));
  rows.forEach((row, i) => {
    const own = sums[groups[part.cpus[i] ?? 0] ?? 0];
    for (const [key, { total, delta }] of row) {
      const sum = own?.get(key);
      own?.set(key, { total: u64((sum?.total ?? 0n) + total), delta: u64((sum?.delta ?? 0n) + delta) });
    }
  });
  return sums;
}

/** A statistic of one group, whose first word is `at`. */
function valueAt(stat: Stat, { total, delta, level }: Record<"total" | "delta" | "level", BigUint64Array>, at: number) {
  if (stat.kind === "histogram") return { ...countsAt(total, at), delta: countsAt(delta, at) };
  if (stat.kind === "gauge") return { value: inWord(stat, level[at] ?? 0n) };
  return { total: total[at] ?? 0n, delta: delta[at] ?? 0n };
}
