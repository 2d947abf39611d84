// SPDX-License-Identifier: MIT
import type { ObjectMap, ObjectProgram } from "../native/index.js";
import type { Btf } from "./btf.js";
import type { ObjectParts } from "./object.js";
import type { StructOpsDescription } from "./struct_ops.js";
import type { VariableDescription } from "./variable.js";

/** A BTF type as it can be shown: its name, and what it is made of when it is a struct or union. */
export interface TypeShape {
  /** As C would write it: `u32`, `struct task_ctx`. */
  readonly type: string;
  /** `offset` in bytes. */
  readonly members?: readonly { readonly name: string; readonly type: string; readonly offset: number }[];
}

/** A map of the object, with the types of its key and value where BTF has them. */
export type MapDescription = ObjectMap & { readonly key?: TypeShape; readonly value?: TypeShape };

/** A symbol that the kernel has to bring. */
export interface ExternDescription {
  /** The name that the object has for it: `scx_bpf_dsq_insert___v2___compat`. */
  readonly name: string;
  /** The kernel's own name, without the flavour: `scx_bpf_dsq_insert___v2`. */
  readonly symbol: string;
  /** A function of the kernel, a variable of it, or a value of its configuration. */
  readonly kind: "kfunc" | "ksym" | "kconfig";
  /** Whether the object can be loaded without it. */
  readonly weak: boolean;
}

/** What an open object is made of. */
export interface BpfDescription {
  /** All struct_ops maps, whether or not they are schedulers. */
  readonly ops: readonly StructOpsDescription[];
  readonly programs: readonly ObjectProgram[];
  readonly maps: readonly MapDescription[];
  readonly globals: readonly VariableDescription[];
  readonly externs: readonly ExternDescription[];
}

/** The object's own half of {@link BpfObject.describe}. */
export function describeParts({ native, btf, maps, structOps, variables }: ObjectParts): BpfDescription {
  const programs = native.programs();
  return {
    ops: structOps.map((one) => one.describe(programs)),
    programs,
    maps: maps.map((map) => ({
      ...map,
      ...(map.keyTypeId > 0 && { key: shapeOf(btf, map.keyTypeId) }),
      ...(map.valueTypeId > 0 && { value: shapeOf(btf, map.valueTypeId) }),
    })),
    globals: variables.describe(),
    externs: describeExterns(btf, native.externs()),
  };
}

function shapeOf(btf: Btf, id: number): TypeShape {
  const { members } = btf.resolve(id);
  return {
    type: btf.describe(id),
    ...(members.length > 0 && {
      members: members.map(({ name, type, bitOffset }) => ({
        name,
        type: btf.describe(type),
        offset: Math.floor(bitOffset / 8),
      })),
    }),
  };
}

function describeExterns(btf: Btf, externs: readonly { name: string; weak: boolean }[]): ExternDescription[] {
  // libbpf empties the BTF's section of ksyms when it opens an object; what was a function there still is one.
  const functions = new Set([...btf.ofKind("func")].map((type) => type.name));
  const config = new Set(btf.find("datasec", ".kconfig")?.variables.map(({ type }) => btf.type(type).name));
  return externs.map(({ name, weak }) => ({
    name,
    symbol: withoutFlavour(name),
    kind: config.has(name) ? "kconfig" : functions.has(name) ? "kfunc" : "ksym",
    weak,
  }));
}

/** As libbpf cuts it (bpf_core_essential_name_len): the last `___` between other characters, and all behind it. */
export const withoutFlavour = (name: string): string => /^(.*[^_])___[^_]/.exec(name)?.[1] ?? name;
