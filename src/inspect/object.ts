// SPDX-License-Identifier: MIT
import type { BpfDescription } from "../bpf/describe.js";
import { BpfObject } from "../bpf/object.js";
import { findStats } from "../source/layout.js";
import type { StatsSchema } from "../stats/schema.js";
import { type KernelNeeds, kernelNeeds } from "./kernel.js";

/** All that can be told of an object file without loading it. */
export interface ObjectDescription extends BpfDescription {
  /** The file's name without its endings: `simple` of `simple.bpf.o`. */
  readonly name: string;
  /** The statistics that it declares, if any. */
  readonly stats?: StatsSchema;
  /** What the kernel has to bring for it, and whether the running one does. */
  readonly kernel: KernelNeeds;
}

/**
 * Describes an object file: its ops with their callbacks, programs, maps, globals, statistics, and what it needs of the
 * kernel. Needs no privileges, and no sched_ext.
 * @throws ScxError as {@link BpfObject.open} does; ERR_SCX_STATS_META when its statistics are declared wrongly
 */
export async function inspectObject(path: string, options: { signal?: AbortSignal } = {}): Promise<ObjectDescription> {
  using object = await BpfObject.open(path, options);
  const described = object.describe();
  const stats = findStats(described.programs, described.maps, object.btf);
  return {
    name: object.name,
    ...described,
    ...(stats && { stats: stats.schema }),
    kernel: await kernelNeeds(described),
  };
}
