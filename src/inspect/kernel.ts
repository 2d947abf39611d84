// SPDX-License-Identifier: MIT
import { release } from "node:os";
import type { BpfDescription } from "../bpf/describe.js";
import { ScxError } from "../error.js";
import { kernelBtf, schedExt } from "../kernel/sched_ext.js";
import type { NativeKernelBtf } from "../native/index.js";

/** A member of the ops that the object sets. A kernel without it is given an object without it, with a warning. */
export interface NeededMember {
  /** `sched_ext_ops`. */
  readonly struct: string;
  readonly name: string;
  /** Whether the running kernel has it; absent when it gives no BTF. */
  readonly present?: boolean;
}

/** A kernel function that the object calls. */
export interface NeededKfunc {
  /** The kernel's name of it. */
  readonly name: string;
  /** Whether the object can be loaded without it: it asks before it calls. */
  readonly weak: boolean;
  /** Whether the running kernel has it; absent when it gives no BTF. Those of modules count as missing. */
  readonly present?: boolean;
}

/** What an object needs of the kernel, held against the running one. */
export interface KernelNeeds {
  /** The running kernel's release, as `uname -r` says. */
  readonly release: string;
  /** Whether it has sched_ext. */
  readonly schedExt: boolean;
  readonly members: readonly NeededMember[];
  readonly kfuncs: readonly NeededKfunc[];
}

/** Says what an object needs, and what of it the running kernel has. */
export async function kernelNeeds({ ops, externs }: BpfDescription): Promise<KernelNeeds> {
  const btf = await readableBtf();
  const members = ops.flatMap((one) => {
    const has = btf && new Set(btf.members(one.type) ?? []);
    const names = [...one.callbacks, ...one.fields].map(({ name }) => name);
    return names.map((name) => ({ struct: one.type, name, ...(has && { present: has.has(name) }) }));
  });
  const kfuncs = externs.filter(({ kind }) => kind === "kfunc");
  const strong = new Set(kfuncs.filter(({ weak }) => !weak).map(({ symbol }) => symbol));
  return {
    release: release(),
    schedExt: schedExt.exists(),
    // Several schedulers in one object set the same members; several flavours of a function are one to the kernel.
    members: [...new Map(members.map((one) => [`${one.struct}.${one.name}`, one])).values()],
    kfuncs: [...new Set(kfuncs.map(({ symbol }) => symbol))].map((name) => ({
      name,
      weak: !strong.has(name),
      ...(btf && { present: btf.hasFunction(name) }),
    })),
  };
}

async function readableBtf(): Promise<NativeKernelBtf | undefined> {
  try {
    return await kernelBtf();
  } catch (error) {
    if (error instanceof ScxError && error.code === "ERR_SCX_KERNEL_NO_BTF") return undefined;
    throw error;
  }
}
