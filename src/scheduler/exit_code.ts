// SPDX-License-Identifier: MIT

/** Reasons within an exit code: `enum scx_exit_code` of kernel/sched/ext_internal.h, SCX_ECODE_RSN_*, shifted down. */
const reasons: Readonly<Record<number, string>> = { 1: "hotplug", 2: "cgroup_offline" };

/** What the loader is asked to do: SCX_ECODE_ACT_* of the same enum. */
const actions: Readonly<Record<number, string>> = { 1: "restart" };

/** SCX_ECODE_ACT_RESTART | SCX_ECODE_RSN_HOTPLUG: what the kernel says when a CPU came or went. */
export const restartForHotplug = (1n << 48n) | (1n << 32n);

/** An exit code (s64) in its parts. A scheduler may give any code it likes: then only `user` may mean anything. */
export interface ExitCode {
  /** Bits 0-31: the scheduler's own, unsigned. */
  user: number;
  /** Bits 32-47: `hotplug`, `cgroup_offline`; the number for one without a name; undefined when 0. */
  reason: string | number | undefined;
  /** Bits 48-63: `restart`; the number for one without a name; undefined when 0. */
  action: string | number | undefined;
}

/** Takes an exit code apart. */
export function decodeExitCode(code: bigint): ExitCode {
  const reason = Number((code >> 32n) & 0xffffn);
  const action = Number((code >> 48n) & 0xffffn);
  return {
    user: Number(code & 0xffffffffn),
    reason: reason === 0 ? undefined : (reasons[reason] ?? reason),
    action: action === 0 ? undefined : (actions[action] ?? action),
  };
}

/** An exit code for people: `42`, or `0x1000100000000 (reason hotplug, action restart)`. */
export function exitCodeText(code: bigint): string {
  const { user, reason, action } = decodeExitCode(code);
  // A negative code is a scheduler's own errno or the like, and has no parts.
  if (code < 0n || (reason === undefined && action === undefined)) return `${code}`;
  const parts = [
    ...(user === 0 ? [] : [`user ${user}`]),
    ...(reason === undefined ? [] : [`reason ${reason}`]),
    ...(action === undefined ? [] : [`action ${action}`]),
  ];
  return `0x${code.toString(16)} (${parts.join(", ")})`;
}
