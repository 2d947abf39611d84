// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { contextStruct } from "../bpf/context.js";
import type { ObjectProgram } from "../native/index.js";
import { code, literal, type Member } from "./text.js";
import type { Types } from "./type.js";

const isCalled = ({ section }: ObjectProgram): boolean => section.startsWith("syscall");

/** The programs that can be run, as members: what each is given. */
export const programMembers = (btf: Btf, types: Types, programs: readonly ObjectProgram[]): Member[] =>
  programs.filter(isCalled).map(({ name }) => {
    const context = contextStruct(btf, name);
    return context
      ? { name, type: types.of(context.id), about: `Is given ${code(btf.describe(context.id))}.` }
      : { name, type: "never", about: "Is given nothing, or bytes of a type that BTF doesn't say." };
  });

/** The programs that are neither run nor callbacks of a scheduler, as members: what each is attached to. */
export const companionMembers = (programs: readonly ObjectProgram[]): Member[] =>
  programs
    .filter((program) => !isCalled(program) && program.typeName !== "struct_ops")
    .map(({ name, section, type, typeName = `type ${type}`, autoload }) => ({
      name,
      type: literal(section),
      about: `${code(typeName)}${autoload ? "" : ", off unless set"}.`,
    }));
