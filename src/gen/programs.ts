// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { contextStruct } from "../bpf/context.js";
import type { ObjectProgram } from "../native/index.js";
import { code, type Member } from "./text.js";
import type { Types } from "./type.js";

/** The programs that can be run, as members: what each is given. */
export const programMembers = (btf: Btf, types: Types, programs: readonly ObjectProgram[]): Member[] =>
  programs
    .filter(({ section }) => section.startsWith("syscall"))
    .map(({ name }) => {
      const context = contextStruct(btf, name);
      return context
        ? { name, type: types.of(context.id), about: `Is given ${code(btf.describe(context.id))}.` }
        : { name, type: "never", about: "Is given nothing, or bytes of a type that BTF doesn't say." };
    });
