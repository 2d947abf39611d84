// SPDX-License-Identifier: MIT
import type { BpfDescription } from "../bpf/describe.js";
import { BpfObject } from "../bpf/object.js";
import { causeOf } from "../error.js";
import { planStats, type StatsPlan, schemaOf } from "../source/plan.js";
import type { StatsMap } from "../source/stats_map.js";
import type { StatsSchema } from "../stats/schema.js";
import { type KernelNeeds, kernelNeeds } from "./kernel.js";

/** All that can be told of an object file without loading it. */
export interface ObjectDescription extends BpfDescription {
  /** The file's name without its endings: `simple` of `simple.bpf.o`. */
  readonly name: string;
  /** The statistics that a run of it has: declared, found by name and type, or named by a statistics map; if any. */
  readonly stats?: StatsSchema;
  /** Where each of them is, in the same order. */
  readonly statPlaces?: readonly StatPlace[];
  /** What looks like statistics, and why it can't be read as such. */
  readonly statProblems?: readonly string[];
  /** What the kernel has to bring for it, and whether the running one does. */
  readonly kernel: KernelNeeds;
}

/** Where a statistic is. */
export interface StatPlace {
  /** As a statistics map names it: `event_stats[1]`, `place_stats.far.moved[0]`, `nr_total`. */
  readonly place: string;
  /** What keeps it: a map's type, `global`, or `global, a row for each CPU`. */
  readonly storage: string;
  /** Whether the object itself declares it as one. */
  readonly declared: boolean;
}

export interface InspectOptions {
  /** Where its statistics are and what they mean, for an object that doesn't tell. */
  statsMap?: StatsMap | undefined;
  /** Stops the opening. */
  signal?: AbortSignal;
}

/**
 * Describes an object file: its ops with their callbacks, programs, maps, globals, statistics, and what it needs of the
 * kernel. Needs no privileges, and no sched_ext.
 * @throws ScxError as {@link BpfObject.open} does; ERR_SCX_STATS_META when its statistics are declared wrongly,
 * ERR_SCX_STATS_MAP
 */
export async function inspectObject(path: string, options: InspectOptions = {}): Promise<ObjectDescription> {
  const { statsMap, signal } = options;
  using object = await BpfObject.open(path, { ...(signal && { signal }) });
  const described = object.describe();
  return {
    name: object.name,
    ...described,
    ...describeStats(planStats([{ btf: object.btf, ...described }], statsMap), object.name, statsMap === undefined),
    kernel: await kernelNeeds(described),
  };
}

/** What a plan finds, as data. @param declares whether a name of the whole is the object's own */
export function describeStats(
  plan: StatsPlan,
  name: string,
  declares: boolean,
): Pick<ObjectDescription, "stats" | "statPlaces" | "statProblems"> {
  const schema = schemaOf(plan, name);
  const declared = declares && plan.name !== undefined;
  return {
    ...(schema.stats.length > 0 && {
      stats: schema,
      statPlaces: plan.readers.flatMap(({ places, storage }) => places.map((place) => ({ place, storage, declared }))),
    }),
    ...(plan.problems.length > 0 && { statProblems: plan.problems.map(causeOf) }),
  };
}
