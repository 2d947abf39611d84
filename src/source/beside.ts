// SPDX-License-Identifier: MIT
import { type KernelProgram, native } from "../native/index.js";
import { unlessOutOfReach } from "./unless_gone.js";

/** BPF_PROG_TYPE_STRUCT_OPS of include/uapi/linux/bpf.h. */
const structOps = 27;

/**
 * The programs of the same objects as these callbacks that are no callbacks themselves: tracepoints, timers' syscalls and the like. An
 * object's programs are loaded with one BTF, which is no other's. Throws what the addon throws.
 */
export function programsBeside(callbacks: readonly KernelProgram[]): KernelProgram[] {
  const objects = new Set(callbacks.map(({ btfId }) => btfId).filter((id) => id > 0));
  if (objects.size === 0) return [];
  return native.programIds().flatMap((id) => {
    const program = unlessOutOfReach(() => native.programById(id));
    return program && program.type !== structOps && objects.has(program.btfId) ? [program] : [];
  });
}
