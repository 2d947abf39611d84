// SPDX-License-Identifier: MIT
import { type Domain, type Grouping, groupCpus } from "../kernel/topology.js";
import type { Stat } from "../stats/schema.js";
import type { CpuWords, Reader } from "./reader.js";

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

interface Part {
  readonly cpus: CpuWords & { readonly take: () => void };
  readonly stats: readonly Stat[];
  readonly index: readonly number[];
}

/** What these readers have per CPU, summed over each group; bound once. */
export function rollup(
  readers: readonly Reader[],
  domain: Domain,
  grouping: Grouping = groupCpus(domain),
): StatsRollup {
  const parts: Part[] = readers.flatMap(({ stats, index, byCpu }) => (byCpu ? [{ cpus: byCpu(), stats, index }] : []));
  return {
    domain,
    groups: grouping.names,
    stats: parts.flatMap((part) => part.stats),
    read() {
      for (const { cpus } of parts) cpus.take();
      return Object.fromEntries(grouping.names.map((name, group) => [name, sumsOf(parts, grouping, group)]));
    },
  };
}

function sumsOf(parts: readonly Part[], { groups }: Grouping, group: number): Record<string, bigint> {
  const sums: Record<string, bigint> = Object.create(null);
  for (const { cpus, stats, index } of parts)
    stats.forEach((stat, i) => {
      // A histogram has many words; how many values there were is what compares.
      if (stat.kind === "histogram") return;
      sums[stat.name] = cpus.cpus.reduce(
        (sum, cpu, row) => (groups[cpu] === group ? sum + (cpus.words[row * cpus.width + (index[i] ?? 0)] ?? 0n) : sum),
        0n,
      );
    });
  return sums;
}
