// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import type { CpuGroups, Domain } from "../kernel/topology.js";
import type { CpuPart } from "../source/joined.js";
import { inWord } from "../source/rollup.js";
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
        for (const [stat, word] of part.stats) {
          const of = schema.stats[stat] as Stat;
          const sums = sumsOf(part, counters[i] as Counters, word, ofCpu, names.length);
          values.forEach((value, group) => {
            const { total, delta, raw } = sums[group] as Sums;
            value[of.name] =
              of.kind === "gauge" ? { value: inWord(of, raw) } : { total: inWord(of, total), delta: inWord(of, delta) };
          });
        }
      });
      by[domain] = Object.fromEntries(names.map((name, group) => [name, values[group] as Record<string, StatValue>]));
    }
    return by;
  }
}

interface Sums {
  total: bigint;
  delta: bigint;
  raw: bigint;
}

/** One statistic by group. */
function sumsOf(part: CpuPart, counters: Counters, word: number, ofCpu: Uint32Array, groups: number): Sums[] {
  const sums = Array.from({ length: groups }, (): Sums => ({ total: 0n, delta: 0n, raw: 0n }));
  part.cpus.forEach((cpu, row) => {
    const of = sums[ofCpu[cpu] ?? 0];
    const at = row * part.width + word;
    if (!of) return;
    of.total += counters.total[at] ?? 0n;
    of.delta += counters.delta[at] ?? 0n;
    of.raw += part.words[at] ?? 0n;
  });
  return sums;
}
