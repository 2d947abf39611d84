// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cpuIds, numbersIn } from "./cpus.js";

/** What CPUs can be grouped by: themselves, the core whose threads they are, the last-level cache or the NUMA node they share. */
export const domains = ["cpu", "core", "llc", "node"] as const;
export type Domain = (typeof domains)[number];

/** CPUs in groups. */
export interface Grouping {
  readonly domain: Domain;
  /** The group of each possible CPU, as an index into `names`. */
  readonly groups: Uint32Array;
  /** A group is called by the numbers of its CPUs, as the kernel writes them: `0-3`; a node by its own number. */
  readonly names: readonly string[];
}

/**
 * Groups the CPUs that there can be. An offline CPU has no place in the topology, and is a group of its own until it comes.
 * @param sys where sysfs is
 * @param cpus how many CPUs there can be
 */
export function groupCpus(domain: Domain, sys = "/sys/devices/system", cpus = cpuIds()): Grouping {
  const names: string[] = [];
  const indexes = new Map<string, number>();
  const nodes = domain === "node" ? nodesOfCpus(sys) : undefined;
  const groups = Uint32Array.from({ length: cpus }, (_, cpu) => {
    const name = nodes?.get(cpu) ?? sharedList(domain, `${sys}/cpu/cpu${cpu}`) ?? `${cpu}`;
    const known = indexes.get(name);
    if (known !== undefined) return known;
    indexes.set(name, names.length);
    return names.push(name) - 1;
  });
  return { domain, groups, names };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

function sharedList(domain: Domain, cpu: string): string | undefined {
  if (domain === "core") return read(`${cpu}/topology/core_cpus_list`) ?? read(`${cpu}/topology/thread_siblings_list`);
  if (domain !== "llc" || !existsSync(`${cpu}/cache`)) return undefined;
  const caches = readdirSync(`${cpu}/cache`)
    .filter((name) => /^index\d+$/.test(name))
    .map((name) => ({
      level: Number(read(`${cpu}/cache/${name}/level`)),
      list: read(`${cpu}/cache/${name}/shared_cpu_list`),
    }))
    .filter(({ list }) => list);
  return caches.sort((a, b) => b.level - a.level)[0]?.list;
}

function nodesOfCpus(sys: string): Map<number, string> {
  const nodes = new Map<number, string>();
  const found = existsSync(`${sys}/node`) ? readdirSync(`${sys}/node`).filter((name) => /^node\d+$/.test(name)) : [];
  for (const node of found)
    for (const cpu of numbersIn(read(`${sys}/node/${node}/cpulist`) ?? "")) nodes.set(cpu, node.replace("node", ""));
  return nodes;
}
