// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import type { CpuGroups, Domain } from "../kernel/topology.js";
import { countsAt } from "../source/histogram.js";
import type { CpuPart } from "../source/joined.js";
import { groupSums, inWord } from "../source/rollup.js";
import type { Sample, Stat, StatsSchema, StatValue } from "../stats/schema.js";

/** What each CPU has counted, for one consumer or for the run. */
export type CpuCounters = readonly Counters[];

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
    return this.#parts.map(({ words }) => new Counters(words));
  }

  /** A consumer's, over the run's. */
  consumer(run: CpuCounters): CpuCounters {
    return run.map(({ total }) => new Counters(total));
  }

  /** `by` of a sample. */
  values(schema: StatsSchema, counters: CpuCounters): NonNullable<Sample["by"]> {
    const by: Partial<Record<Domain, Record<string, Record<string, StatValue>>>> = {};
    for (const groups of this.#groups) {
      const { domain, names, groups: ofCpu } = groups.current();
      const values: Record<string, StatValue>[] = names.map(() => Object.create(null));
      this.#parts.forEach((part, i) => {
        const { total, delta } = counters[i] as Counters;
        const sums = (words: BigUint64Array) => groupSums(words, part, ofCpu, names.length);
        const grouped = { total: sums(total), delta: sums(delta), level: sums(part.words) };
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

/** A statistic of one group, whose first word is `at`. */
function valueAt(stat: Stat, { total, delta, level }: Record<"total" | "delta" | "level", BigUint64Array>, at: number) {
  if (stat.kind === "histogram") return { ...countsAt(total, at), delta: countsAt(delta, at) };
  if (stat.kind === "gauge") return { value: inWord(stat, level[at] ?? 0n) };
  return { total: total[at] ?? 0n, delta: delta[at] ?? 0n };
}
