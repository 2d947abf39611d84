// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import { BpfObject } from "../../src/index.js";

const cpus = availableParallelism();
/** SCX_SLICE_DFL, ns. */
const slice = 20_000_000;

/**
 * What an upstream loader sets in its object besides what every loader does; what it leaves alone is not here, nor are
 * arrays with an element for each CPU. A global that a release of it doesn't have yet, or no longer, is left out.
 */
const globals: Readonly<Record<string, readonly string[]>> = {
  scx_central: [`nr_cpu_ids=${cpus}`, `slice_ns=${slice}`],
  scx_flatcg: [`nr_cpus=${cpus}`, `cgrp_slice_ns=${slice}`],
  scx_pair: [`nr_cpu_ids=${cpus}`, `pair_batch_dur_ns=${slice}`],
  scx_qmap: [`slice_ns=${slice}`, "max_tasks=16384"],
  scx_userland: [`num_possible_cpus=${cpus}`],
};

/** Maps whose size is the loader's business. */
const maps: Readonly<Record<string, readonly string[]>> = { scx_pair: [`pair_ctx=${Math.max(1, cpus >> 1)}`] };

/**
 * Loaders that are a part of the scheduler, which doesn't get far without: userland's decides, pair's makes the queues that
 * tasks go to. What is left to compare is that the exit is told.
 */
export const parts: ReadonlySet<string> = new Set(["scx_pair", "scx_userland"]);

/** Loaders that attach from a certain CPU, which the scheduler insists on. */
const cpuOf: Readonly<Record<string, number>> = { scx_central: 0 };

/** What to put before the command for that. */
export const pinned = (name: string): string[] => (name in cpuOf ? ["taskset", "-c", String(cpuOf[name])] : []);

/** The options of `scxkit run` that make of this object what its own loader makes of it. */
export async function settingsOf(path: string, name: string): Promise<string[]> {
  if (!globals[name]) return [];
  using object = await BpfObject.open(path);
  const known = globals[name].filter((one) => one.slice(0, one.indexOf("=")) in object.globals);
  return [...known.flatMap((one) => ["--set", one]), ...(maps[name] ?? []).flatMap((one) => ["--resize", one])];
}
