// SPDX-License-Identifier: MIT
import { type Domain, groupCpus } from "../kernel/topology.js";
import type { DictionaryValue, HistogramCounts, Stat, StatsSchema } from "../stats/schema.js";
import { countsAt } from "./histogram.js";
import type { CpuPart } from "./joined.js";
import { keySums } from "./keyed.js";
import type { Slot } from "./reader.js";

/** What a group of CPUs has of a statistic: a sum, a histogram of all its CPUs, or a sum for each key. */
export type GroupSum = bigint | HistogramCounts | DictionaryValue<bigint>;

/** Statistics by groups of CPUs. */
export interface StatsRollup {
  readonly domain: Domain;
  /** The groups' names: the CPUs in them, or the node's number. */
  readonly groups: readonly string[];
  /** The statistics that are kept per CPU; others can't be told apart. */
  readonly stats: readonly Stat[];
  /**
   * Reads the kernel once: each group's sums since attach, by statistic. A histogram is what all its CPUs' are together. Of a hash each
   * group has all keys that there are: what they had counted by the first look at CPUs, and since.
   */
  read(): Record<string, Record<string, GroupSum>>;
}

/** A sum of words as the statistic's values are: modulo 2^64, and a level may be negative. */
export const inWord = ({ kind, type }: Stat, sum: bigint): bigint =>
  kind === "gauge" && type !== "u64" ? BigInt.asIntN(64, sum) : BigInt.asUintN(64, sum);

/**
 * The rows of a part's CPUs, added up by group: `sums[group * width + word]`, modulo 2^64.
 * @param words the part's own, or what somebody counts over them
 * @param groups the group of each CPU
 */
export function groupSums(
  words: BigUint64Array,
  { cpus, width }: CpuPart,
  groups: Uint32Array,
  count: number,
): BigUint64Array {
  const sums = new BigUint64Array(count * width);
  cpus.forEach((cpu, row) => {
    const group = groups[cpu] ?? 0;
    for (let word = 0; word < width; word++)
      sums[group * width + word] = (sums[group * width + word] ?? 0n) + (words[row * width + word] ?? 0n);
  });
  return sums;
}

/**
 * The keys of a dictionary on the CPUs of each group.
 * @param groups the group of each CPU
 */
export function groupSlots(
  rows: readonly (readonly Slot[])[],
  { cpus }: CpuPart,
  groups: Uint32Array,
  count: number,
): readonly (readonly Slot[])[] {
  const slots = Array.from({ length: count }, (): Slot[] => []);
  rows.forEach((row, i) => {
    const own = slots[groups[cpus[i] ?? 0] ?? 0];
    for (const slot of row) own?.push(slot);
  });
  return slots;
}

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
      const values: Record<string, GroupSum>[] = names.map(() => Object.create(null));
      for (const part of parts) {
        if (part.slots) {
          for (const number of part.stats.keys()) {
            const stat = stats[number] as Stat;
            groupSlots(part.slots(number), part, groups, names.length).forEach((slots, group) => {
              const entries: Record<string, bigint> = Object.create(null);
              for (const [key, sum] of keySums(slots, part.words)) entries[key] = inWord(stat, sum);
              (values[group] as Record<string, GroupSum>)[stat.name] = { entries };
            });
          }
          continue;
        }
        const sums = groupSums(part.words, part, groups, names.length);
        for (const [number, word] of part.stats) {
          const stat = stats[number] as Stat;
          values.forEach((value, group) => {
            const at = group * part.width + word;
            value[stat.name] = stat.kind === "histogram" ? countsAt(sums, at) : inWord(stat, sums[at] ?? 0n);
          });
        }
      }
      return Object.fromEntries(names.map((name, group) => [name, values[group] ?? {}]));
    },
  };
}
