// SPDX-License-Identifier: MIT
import { release } from "node:os";
import type { BpfDescription } from "../bpf/describe.js";
import { ScxError } from "../error.js";
import { optionOf, readConfig } from "../kernel/config.js";
import { functionsOfModules } from "../kernel/module_btf.js";
import { kernelBtf, schedExt } from "../kernel/sched_ext.js";
import { brokenKfuncs } from "../kernel/types.js";
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
  /** Whether the running kernel or one of its modules has it; absent when it gives no BTF. */
  readonly present?: boolean;
  /** The module that has it, when the kernel itself doesn't. */
  readonly module?: string;
  /** True when the kernel describes it as no scheduler can call it: then it counts as missing. */
  readonly broken?: true;
}

/** A type of the kernel that one of the object's struct_ops maps is made for. */
export interface NeededStruct {
  readonly name: string;
  /** Whether the running kernel has it; absent when it gives no BTF. */
  readonly present?: boolean;
}

/** A value of the kernel's configuration that the object asks for. */
export interface NeededConfig {
  /** `CONFIG_HZ`. */
  readonly name: string;
  /** Whether the object can be loaded where it isn't set. */
  readonly weak: boolean;
  /** Whether it is set; absent when there is no file of the configuration to be read. */
  readonly present?: boolean;
  /** As the file has it: `y`, `m`, `250`, `"text"`. */
  readonly value?: string;
}

/** What an object needs of the kernel, held against the running one. */
export interface KernelNeeds {
  /** The running kernel's release, as `uname -r` says. */
  readonly release: string;
  /** Whether it has sched_ext. */
  readonly schedExt: boolean;
  readonly structs: readonly NeededStruct[];
  readonly members: readonly NeededMember[];
  readonly kfuncs: readonly NeededKfunc[];
  readonly config: readonly NeededConfig[];
}

/** Says what an object needs, and what of it the running kernel has. */
export async function kernelNeeds({ ops, externs }: BpfDescription): Promise<KernelNeeds> {
  const btf = await readableBtf();
  const members = ops.flatMap((one) => {
    const has = btf && new Set(btf.members(one.type) ?? []);
    const names = [...one.callbacks, ...one.fields].map(({ name }) => name);
    return names.map((name) => ({ struct: one.type, name, ...(has && { present: has.has(name) }) }));
  });
  return {
    release: release(),
    schedExt: schedExt.exists(),
    structs: [...new Set(ops.map(({ type }) => type))].map((name) => ({
      name,
      ...(btf && { present: btf.members(name) !== undefined }),
    })),
    // Several schedulers in one object set the same members; several flavours of a function are one to the kernel.
    members: [...new Map(members.map((one) => [`${one.struct}.${one.name}`, one])).values()],
    kfuncs: neededKfuncs(externs, btf),
    config: neededConfig(externs),
  };
}

function neededKfuncs(externs: BpfDescription["externs"], btf: NativeKernelBtf | undefined): NeededKfunc[] {
  const kfuncs = externs.filter(({ kind }) => kind === "kfunc");
  const strong = new Set(kfuncs.filter(({ weak }) => !weak).map(({ symbol }) => symbol));
  const names = [...new Set(kfuncs.map(({ symbol }) => symbol))];
  const here = new Set(names.filter((name) => btf?.hasFunction(name)));
  const broken = new Set([...here].some((name) => name.startsWith("scx_bpf_")) ? brokenKfuncs() : []);
  const modules = btf ? functionsOfModules(names.filter((name) => !here.has(name))) : new Map<string, string>();
  return names.map((name) => {
    const module = modules.get(name);
    const present = (here.has(name) || module !== undefined) && !broken.has(name);
    return {
      name,
      weak: !strong.has(name),
      ...(btf && { present }),
      ...(module !== undefined && { module }),
      ...(broken.has(name) && { broken: true as const }),
    };
  });
}

/** What libbpf fills in by itself (bpf_object__resolve_externs), whatever the configuration. */
const virtualConfig = new Set(["LINUX_KERNEL_VERSION", "LINUX_HAS_BPF_COOKIE", "LINUX_HAS_SYSCALL_WRAPPER"]);

function neededConfig(externs: BpfDescription["externs"]): NeededConfig[] {
  const wanted = externs.filter(({ kind, name }) => kind === "kconfig" && !virtualConfig.has(name));
  if (wanted.length === 0) return [];
  const config = readConfig(release());
  return wanted.map(({ name, weak }) => {
    const value = config && optionOf(config.text, name);
    return { name, weak, ...(config && { present: value !== undefined }), ...(value !== undefined && { value }) };
  });
}

async function readableBtf(): Promise<NativeKernelBtf | undefined> {
  try {
    return await kernelBtf();
  } catch (error) {
    if (error instanceof ScxError && error.code === "ERR_SCX_KERNEL_NO_BTF") return undefined;
    throw error;
  }
}
