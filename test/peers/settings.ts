// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";

const cpus = availableParallelism();
/** SCX_SLICE_DFL, ns. */
const slice = 20_000_000;

/** What an upstream loader sets in its object besides what every loader does; what it leaves alone is not here. */
const settings: Readonly<Record<string, readonly string[]>> = {
  scx_central: [`nr_cpu_ids=${cpus}`, `slice_ns=${slice}`],
  scx_flatcg: [`nr_cpus=${cpus}`, `cgrp_slice_ns=${slice}`],
  scx_pair: [`nr_cpu_ids=${cpus}`, `pair_batch_dur_ns=${slice}`],
  scx_qmap: [`slice_ns=${slice}`],
  scx_userland: [`num_possible_cpus=${cpus}`],
};

/** The options of `scxkit run` that make of this object what its own loader makes of it. */
export const settingsOf = (name: string): string[] => (settings[name] ?? []).flatMap((one) => ["--set", one]);
