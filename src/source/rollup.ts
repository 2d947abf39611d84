// SPDX-License-Identifier: MIT
import { type Domain, type Grouping, groupCpus } from "../kernel/topology.js";
import type { NativeSnapshot } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import type { Reader } from "./reader.js";

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
  readonly snapshot: NativeSnapshot;
  readonly stats: readonly Stat[];
  readonly index: readonly number[];
}

/** What these readers have per CPU, summed over each group; bound once. */
export function rollup(
  readers: readonly Reader[],
  domain: Domain,
  grouping: Grouping = groupCpus(domain),
): StatsRollup {
  const parts: Part[] = readers.flatMap(({ stats, index, by }) =>
    by ? [{ snapshot: by(grouping.groups), stats, index }] : [],
  );
  return {
    domain,
    groups: grouping.names,
    stats: parts.flatMap((part) => part.stats),
    read() {
      for (const { snapshot } of parts) snapshot.take();
      return Object.fromEntries(grouping.names.map((name, group) => [name, sumsOf(parts, group)]));
    },
  };
}

function sumsOf(parts: readonly Part[], group: number): Record<string, bigint> {
  const sums: Record<string, bigint> = Object.create(null);
  for (const { snapshot, stats, index } of parts) {
    const size = snapshot.sums.length;
    stats.forEach((stat, i) => {
      // A histogram has many words; how many values there were is what compares.
      if (stat.kind !== "histogram") sums[stat.name] = snapshot.grouped?.[group * size + (index[i] ?? 0)] ?? 0n;
    });
  }
  return sums;
}
