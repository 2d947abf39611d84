// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { Btf } from "../bpf/btf.js";

/** Where the running kernel gives its BTF. */
export const vmlinuxBtf = "/sys/kernel/btf/vmlinux";

/** What a kernel's BTF says of sched_ext. */
export interface TypeFacts {
  /** Members of struct sched_ext_ops, undefined when there is none. */
  ops: readonly string[] | undefined;
  /** Values of the {@link wideConstants} that are there. */
  constants: Readonly<Record<string, bigint>>;
  /** Functions for schedulers that the BTF describes as none can call them. */
  brokenKfuncs: readonly string[];
}

/** Constants wider than 32 bits that every kernel from 6.12 to 7.2 has, by the enum that holds them. */
export const wideConstants: Readonly<Record<string, { name: string; value: bigint }>> = {
  scx_public_consts: { name: "SCX_SLICE_INF", value: 0xffff_ffff_ffff_ffffn }, // include/linux/sched/ext.h
  scx_dsq_id_flags: { name: "SCX_DSQ_FLAG_BUILTIN", value: 1n << 63n }, // include/linux/sched/ext.h
  scx_enq_flags: { name: "SCX_ENQ_PREEMPT", value: 1n << 32n }, // kernel/sched/ext.c, from 6.18 on ext_internal.h
};

/** Takes 0.05 s for a kernel's 7 MB. @throws ScxError when the bytes are no BTF */
export function readTypes(bytes: Uint8Array): TypeFacts {
  const btf = new Btf(bytes);
  return {
    ops: btf.find("struct", "sched_ext_ops")?.members.map(({ name }) => name),
    constants: findConstants(btf),
    brokenKfuncs: findBrokenKfuncs(btf),
  };
}

/** How a kernel's BTF declares a function, as C would write it; undefined when it has none of that name. */
export function declarationOf(btf: Btf, name: string): string | undefined {
  const found = btf.find("func", name);
  if (!found) return undefined;
  const { type, parameters } = btf.type(found.type);
  const list = parameters.map((one) => `${btf.describe(one.type)} ${one.name}`.replace("* ", "*"));
  return `${btf.describe(type)} ${name}(${list.join(", ") || "void"})`.replace("* ", "*");
}

function findConstants(btf: Btf): Record<string, bigint> {
  const constants: Record<string, bigint> = {};
  for (const kind of ["enum", "enum64"] as const)
    for (const type of btf.beginningWith(kind, "scx_")) {
      const wanted = wideConstants[type.name]?.name;
      const found = type.enumerators.find(({ name }) => name === wanted);
      if (found) constants[found.name] = BigInt.asUintN(64, found.value);
    }
  return constants;
}

/**
 * From 7.0 on the kernel passes some kfuncs an argument `aux` by itself (KF_IMPLICIT_ARGS); its build takes it out of their
 * BTF, and leaves it to a twin named …_impl. In Debian's 7.2.12 this didn't happen: they still have it and lack the tag
 * bpf_kfunc, so that the declaration in any scheduler differs from the kernel's.
 */
export function findBrokenKfuncs(btf: Btf): string[] {
  const broken: string[] = [];
  for (const { id, name, type } of btf.beginningWith("func", "scx_bpf_")) {
    if (name.endsWith("_impl")) continue;
    if (btf.type(type).parameters.at(-1)?.name === "aux" && !btf.tags(id).includes("bpf_kfunc")) broken.push(name);
  }
  return broken;
}

/** {@link TypeFacts.brokenKfuncs} of the running kernel; none when its BTF can't be read. Takes 0.1 s. */
export function brokenKfuncs(): string[] {
  try {
    return findBrokenKfuncs(new Btf(readFileSync(vmlinuxBtf)));
  } catch {
    return [];
  }
}
