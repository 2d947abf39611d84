// SPDX-License-Identifier: MIT
import { internalFlags } from "../bpf/ops_flags.js";

/** Bits 0 to 6, the flags of Linux 6.16, which all later kernels know. */
const lasting = 0x7fn;

/** SCX_OPS_HAS_CGROUP_WEIGHT only kept a warning away (kernel/sched/ext.c up to 6.17); kernels without it refuse it. */
const withoutEffect = 1n << 16n;

/** Whether flags are set that some kernel since 6.16 doesn't know. */
export const mayBeUnknown = (flags: bigint): boolean => (flags & ~lasting) !== 0n;

/**
 * The kernel refuses a scheduler for any flag that it doesn't know, and names none. One without effect is taken away there.
 * @param kernel the kernel's own enum scx_ops_flags
 * @returns the flags to go on with, and those among them that the kernel doesn't know
 */
export function reviseFlags(
  flags: bigint,
  kernel: Readonly<Record<string, bigint>> | undefined,
): { flags: bigint; unknown: bigint } {
  if (!kernel) return { flags, unknown: 0n };
  const known = Object.values(kernel).reduce((all, value) => all | value, 0n) & ~internalFlags;
  const kept = flags & (known | ~withoutEffect);
  return { flags: kept, unknown: kept & ~known };
}
