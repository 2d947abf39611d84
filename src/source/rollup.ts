// SPDX-License-Identifier: MIT
import { type Domain, groupCpus } from "../kernel/topology.js";
import type { Stat, StatsSchema } from "../stats/schema.js";
import type { CpuPart } from "./joined.js";

/** Statistics by groups of CPUs. */
export interface StatsRollup {
  readonly domain: Domain;
  /** The groups' names: the CPUs in them, or the node's number. */
  readonly groups: readonly string[];
  /** The statistics that are kept per CPU; others can't be told apart. */
  readonly stats: readonly Stat[];
  /** Reads the kernel once: each group's sums since attach, by statistic. */
  read(): Record<string, Record<string, bigint>>;
}

/** A sum of words as the statistic's values are: modulo 2^64, and a level may be negative. */
export const inWord = ({ kind, type }: Stat, sum: bigint): bigint =>
  kind === "gauge" && type !== "u64" ? BigInt.asIntN(64, sum) : BigInt.asUintN(64, sum);

/** What these have per CPU, summed over each group. @param refresh reads the kernel */
export function rollup(
  { stats }: StatsSchema,
  parts: readonly CpuPart[],
  domain: Domain,
  refresh: () => void,
): StatsRollup {
  const { names, groups } = groupCpus(domain);
  const counted = parts.flatMap((part) => [...part.stats.keys()].map((stat) => stats[stat] as Stat));
  return {
    domain,
    groups: names,
    stats: counted,
    read() {
      refresh();
      const sums: Record<string, bigint>[] = names.map(() => Object.create(null));
      for (const { words, width, cpus, stats: places } of parts)
        for (const [stat, word] of places) {
          const { name } = stats[stat] as Stat;
          for (const sum of sums) sum[name] = 0n;
          cpus.forEach((cpu, row) => {
            const sum = sums[groups[cpu] ?? 0];
            if (sum) sum[name] = (sum[name] ?? 0n) + (words[row * width + word] ?? 0n);
          });
        }
      for (const sum of sums) for (const stat of counted) sum[stat.name] = inWord(stat, sum[stat.name] ?? 0n);
      return Object.fromEntries(names.map((name, group) => [name, sums[group] ?? {}]));
    },
  };
}
