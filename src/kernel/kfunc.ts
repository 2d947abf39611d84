// SPDX-License-Identifier: MIT

/**
 * Functions for schedulers that came or went between the kernels we test on, by what their BTF has (6.16.12, 6.18.15 and 7.2.12
 * of Debian). The exact release lies in between and may be learnt from the kernel's history; this says only what was seen.
 */
const came: Readonly<Record<string, readonly string[]>> = {
  "6.18 and newer, not in 6.16": ["scx_bpf_cpu_curr", "scx_bpf_locked_rq"],
  "7.2, not in 6.18": [
    "__scx_bpf_dsq_insert_vtime",
    "__scx_bpf_select_cpu_and",
    "scx_bpf_cid_curr",
    "scx_bpf_cid_override",
    "scx_bpf_cid_to_cpu",
    "scx_bpf_cid_topo",
    "scx_bpf_cidperf_cap",
    "scx_bpf_cidperf_cur",
    "scx_bpf_cidperf_set",
    "scx_bpf_cpu_to_cid",
    "scx_bpf_dsq_insert___v2",
    "scx_bpf_dsq_move_to_local___v2",
    "scx_bpf_dsq_peek",
    "scx_bpf_dsq_reenq",
    "scx_bpf_kick_cid",
    "scx_bpf_nr_cids",
    "scx_bpf_nr_online_cids",
    "scx_bpf_reenqueue_local___v2",
    "scx_bpf_sub_dispatch",
    "scx_bpf_task_cid",
    "scx_bpf_task_set_dsq_vtime",
    "scx_bpf_task_set_slice",
    "scx_bpf_this_cid",
    "scx_bpf_tid_to_task",
  ],
  "6.16, no longer in 6.18": [
    "scx_bpf_consume",
    "scx_bpf_dispatch",
    "scx_bpf_dispatch_from_dsq",
    "scx_bpf_dispatch_from_dsq_set_slice",
    "scx_bpf_dispatch_from_dsq_set_vtime",
    "scx_bpf_dispatch_vtime",
    "scx_bpf_dispatch_vtime_from_dsq",
  ],
};

/** Which of the kernels that we test on have a function: `7.2, not in 6.18`. Undefined when all have it, or none. */
export function kernelsWithKfunc(name: string): string | undefined {
  return Object.keys(came).find((where) => came[where]?.includes(name));
}

/** The functions of {@link kernelsWithKfunc}, with where they are. */
export const knownKfuncs = (): [name: string, where: string][] =>
  Object.entries(came).flatMap(([where, names]) => names.map((name): [string, string] => [name, where]));
