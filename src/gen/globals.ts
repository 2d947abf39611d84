// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import type { Btf } from "../bpf/btf.js";
import type { VariableDescription } from "../bpf/variable.js";
import { code, type Member } from "./text.js";
import type { Types } from "./type.js";

/** Longer defaults say too little for their length. */
const longest = 80;

/** What is set unless something else is. */
export function defaultText({ value }: { value?: VariableDescription["value"] }): string {
  const text = value === undefined ? undefined : stringify(value);
  return text === undefined || text.length > longest ? "" : `, ${code(text)} unless set`;
}

/** Global variables as members, those that are no pointers: of .rodata, and the others. */
export function globalMembers(
  btf: Btf,
  types: Types,
  globals: readonly VariableDescription[],
): { constants: Member[]; variables: Member[] } {
  const places = new Map(
    [...btf.ofKind("datasec")].flatMap((section) =>
      section.variables.map(({ type }) => [`${section.name}/${btf.type(type).name}`, btf.type(type).type] as const),
    ),
  );
  const found = globals.flatMap((global) => {
    const type = places.get(`${global.section}/${global.name}`);
    if (type === undefined || btf.resolve(type).kind === "ptr") return [];
    const about = `${code(global.type)} in ${global.section}${defaultText(global)}.`;
    return [{ constant: global.section.startsWith(".rodata"), name: global.name, type: types.of(type), about }];
  });
  return {
    constants: found.filter(({ constant }) => constant),
    variables: found.filter(({ constant }) => !constant),
  };
}
