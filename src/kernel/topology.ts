// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ScxError } from "../error.js";
import { cpuIds, listText, numbersIn } from "./cpus.js";

/** What CPUs can be grouped by: themselves, the core whose threads they are, the last-level cache or the NUMA node they share. */
export const domains = ["cpu", "core", "llc", "node"] as const;
export type Domain = (typeof domains)[number];

/** Is it one? @throws ScxError ERR_SCX_USAGE */
function requireDomain(domain: unknown): Domain {
  if (domains.includes(domain as Domain)) return domain as Domain;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "sample",
    message: `CPUs can't be grouped by ${JSON.stringify(domain)}.`,
    remedy: `Take ${domains.join(", ")}.`,
  });
}

/** CPUs in groups. */
export interface Grouping {
  readonly domain: Domain;
  /** The group of each possible CPU, as an index into `names`. */
  readonly groups: Uint32Array;
  /** A group is called by the numbers of its CPUs, as the kernel writes them: `0-3`; a node by its own number. */
  readonly names: readonly string[];
}

/**
 * Groups of the CPUs that there can be, followed over CPUs that come and go. One that is offline has no place in the topology: it
 * stays where it was seen, so that what it counted stays there; one that was never seen is a group of its own.
 */
export class CpuGroups {
  readonly domain: Domain;
  readonly #sys: string;
  readonly #cpus: number;
  /** What each CPU's place was called when it was last online. */
  readonly #places = new Map<number, string>();
  #online: string | undefined;
  #current: Grouping | undefined;

  /**
   * @param sys where sysfs is
   * @param cpus how many CPUs there can be
   */
  constructor(domain: Domain, sys = "/sys/devices/system", cpus = cpuIds()) {
    this.domain = requireDomain(domain);
    this.#sys = sys;
    this.#cpus = cpus;
  }

  /** The groups now; the same object as long as no CPU comes or goes. */
  current(): Grouping {
    const online = read(`${this.#sys}/cpu/online`);
    if (!this.#current || online !== this.#online) this.#current = this.#group();
    this.#online = online;
    return this.#current;
  }

  #group(): Grouping {
    const { domain } = this;
    const nodes = domain === "node" ? nodesOfCpus(this.#sys) : undefined;
    const all = Array.from({ length: this.#cpus }, (_, cpu) => cpu);
    for (const cpu of all) {
      const place = nodes?.get(cpu) ?? sharedList(domain, `${this.#sys}/cpu/cpu${cpu}`);
      if (place !== undefined) this.#places.set(cpu, place);
    }
    // The smallest CPU of each one's group. The kernel's lists name those online: who was in an older one stays with them.
    const first = [...all];
    const join = (a: number, b: number) => {
      const [from, to] = [first[a] ?? a, first[b] ?? b];
      all.forEach((cpu) => {
        if (first[cpu] === from || first[cpu] === to) first[cpu] = Math.min(from, to);
      });
    };
    for (const [cpu, place] of this.#places) {
      const mates = nodes ? all.filter((one) => this.#places.get(one) === place) : numbersIn(place);
      for (const mate of mates) if (mate < this.#cpus && first[mate] !== first[cpu]) join(cpu, mate);
    }
    const heads = [...new Set(first)];
    const members = (head: number) => {
      const own = all.filter((cpu) => first[cpu] === head);
      const listed = own.flatMap((cpu) => numbersIn(this.#places.get(cpu) ?? ""));
      return [...new Set([...own, ...listed])].sort((a, b) => a - b);
    };
    return {
      domain,
      names: heads.map((head) => (nodes && this.#places.get(head)) ?? listText(members(head))),
      groups: Uint32Array.from(first, (head) => heads.indexOf(head)),
    };
  }
}

/** Groups the CPUs that there can be, as they are now. */
export const groupCpus = (domain: Domain, sys?: string, cpus?: number): Grouping =>
  new CpuGroups(domain, sys, cpus).current();

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
