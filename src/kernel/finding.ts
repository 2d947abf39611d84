// SPDX-License-Identifier: MIT

/** `warning`: scxkit works, with a drawback. `problem`: a scheduler can't be run before that is mended. */
export type FindingStatus = "ok" | "warning" | "problem";

/** What is checked. Stable: programs may match on it. */
export type FindingId =
  | "kernel"
  | "sched_ext"
  | "config"
  | "btf"
  | "enums"
  | "kfuncs"
  | "jit"
  | "libbpf"
  | "capabilities"
  | "memlock"
  | "cpus"
  | "scheduler"
  | "socket";

/** What one check of {@link diagnose} found. */
export interface Finding {
  id: FindingId;
  status: FindingStatus;
  /** One line: what is the case. */
  what: string;
  /** One line: what to do about it. There is one unless the status is ok. */
  remedy?: string;
}

export const ok = (id: FindingId, what: string): Finding => ({ id, status: "ok", what });
export const warning = (id: FindingId, what: string, remedy: string): Finding => ({
  id,
  status: "warning",
  what,
  remedy,
});
export const problem = (id: FindingId, what: string, remedy: string): Finding => ({
  id,
  status: "problem",
  what,
  remedy,
});
