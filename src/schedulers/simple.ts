// SPDX-License-Identifier: MIT
// Made by scxkit gen from simple: don't change it, make it again.

import { fileURLToPath } from "node:url";
import { BpfObject, type CounterValue, type GaugeValue, type OpenOptions, type OpsFlag } from "../index.js";

/** Global variables that can't be set any more after load. */
export type SimpleConstants = {
  /** `u64` in .rodata, `20000` unless set. */
  slice_us: bigint;
  /** `u32` in .rodata, `0` unless set. */
  uei_dump_len: number;
  /** `bool` in .rodata, `false` unless set. */
  fifo: boolean;
};

/** Global variables that can always be set. */
export type SimpleVariables = {
  /** `u64` in .bss, `0` unless set. */
  vtime_now: bigint;
  /** `struct user_exit_info` in .data, `{"kind":0,"exit_cpu":0,"exit_code":0,"reason":"","msg":""}` unless set. */
  uei: SimpleUserExitInfo;
  /** `char[1]` in .data.uei_dump, `""` unless set. */
  uei_dump: string;
};

/** Fields of the ops: `simple_ops`, a `sched_ext_ops`. */
export type SimpleOps = {
  /** `u32`. */
  dispatch_max_batch: number;
  /** `u64`. */
  get flags(): bigint;
  set flags(value: bigint | OpsFlag | readonly OpsFlag[]);
  /** `u32`, `10000` unless set. */
  timeout_ms: number;
  /** `u32`. */
  exit_dump_len: number;
  /** `u64`. */
  hotplug_seq: bigint;
  /** `u64`. */
  sub_cgroup_id: bigint;
  /** `char[128]`, `"simple"` unless set. */
  name: string;
};

/** Keys and values of the maps; of a per-CPU map a value for each CPU that there can be. */
export type SimpleMaps = {
  /** `array`, max_entries 1. */
  scx_stats_base: {
    /** `u32`, 4 bytes. */
    key: number;
    /** `struct simple_stats`, 40 bytes. */
    value: SimpleStatsStruct;
  };
  /** `percpu_array`, max_entries 1. */
  scx_stats: {
    /** `u32`, 4 bytes. */
    key: number;
    /** `struct simple_stats`, 40 bytes. */
    value: readonly SimpleStatsStruct[];
  };
  /** `percpu_array`, max_entries 1. */
  run_start: {
    /** `u32`, 4 bytes. */
    key: number;
    /** `u64`, 8 bytes. */
    value: readonly bigint[];
  };
};

/** Programs that can be run, with the struct that each is given. */
export type SimplePrograms = {
  /** Is given `struct simple_stats`. */
  scx_stats_reset: SimpleStatsStruct;
};

/** The other programs beside the scheduler's callbacks, with the sections that say what they are attached to. */
export type SimpleCompanions = Record<never, never>;

/** What a sample's `stats` hold: `simple_stats`. */
export type SimpleStats = {
  /** Counter: tasks put straight on the local queue of an idle CPU; `enqueued{queue="local"}`. */
  local: CounterValue;
  /** Counter: tasks put on the shared queue; `enqueued{queue="global"}`. */
  global: CounterValue;
  /** Counter: tasks that a CPU took from the shared queue. */
  dispatched: CounterValue;
  /** Counter: times that a task used up its slice, or yielded it. */
  expired: CounterValue;
  /** Gauge: CPUs that run a task now. */
  busy: GaugeValue<bigint>;
};

/** `struct user_exit_info`, 1168 bytes. */
export type SimpleUserExitInfo = {
  /** `int`. */
  readonly kind: number;
  /** `s32`. */
  readonly exit_cpu: number;
  /** `s64`. */
  readonly exit_code: bigint;
  /** `char[128]`. */
  readonly reason: string;
  /** `char[1024]`. */
  readonly msg: string;
};

/** `struct simple_stats`, 40 bytes. */
export type SimpleStatsStruct = {
  /** `u64`. */
  readonly local: bigint;
  /** `u64`. */
  readonly global: bigint;
  /** `u64`. */
  readonly dispatched: bigint;
  /** `u64`. */
  readonly expired: bigint;
  /** `u64`. */
  readonly busy: bigint;
};

/** Values of `enum scx_exit_kind`. */
export const SimpleScxExitKind = {
  SCX_EXIT_NONE: 0,
  SCX_EXIT_DONE: 1,
  SCX_EXIT_UNREG: 64,
  SCX_EXIT_UNREG_BPF: 65,
  SCX_EXIT_UNREG_KERN: 66,
  SCX_EXIT_SYSRQ: 67,
  SCX_EXIT_PARENT: 68,
  SCX_EXIT_ERROR: 1024,
  SCX_EXIT_ERROR_BPF: 1025,
  SCX_EXIT_ERROR_STALL: 1026,
} as const;
/** Names of `enum scx_exit_kind`. */
export type SimpleScxExitKind = keyof typeof SimpleScxExitKind;

/** Values of `enum scx_cpu_preempt_reason`. */
export const SimpleScxCpuPreemptReason = {
  SCX_CPU_PREEMPT_RT: 0,
  SCX_CPU_PREEMPT_DL: 1,
  SCX_CPU_PREEMPT_STOP: 2,
  SCX_CPU_PREEMPT_UNKNOWN: 3,
} as const;
/** Names of `enum scx_cpu_preempt_reason`. */
export type SimpleScxCpuPreemptReason = keyof typeof SimpleScxCpuPreemptReason;

/** All names and types of `simple`, for `BpfObject<Simple>` and what comes of it. */
export interface Simple {
  constants: SimpleConstants;
  variables: SimpleVariables;
  ops: SimpleOps;
  maps: SimpleMaps;
  programs: SimplePrograms;
  companions: SimpleCompanions;
  stats: SimpleStats;
}

/** Opens `simple` with these types; as BpfObject.open does, which says what it throws. */
export const openSimple = (
  path = fileURLToPath(new URL("../../dist/schedulers/simple.bpf.o", import.meta.url)),
  options?: OpenOptions,
): Promise<BpfObject<Simple>> => BpfObject.open<Simple>(path, options);
