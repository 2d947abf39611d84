// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { isSchedulerType, type StructOpsDescription, structOpsTypes } from "../bpf/struct_ops.js";
import { defaultText } from "./globals.js";
import { code, type Member, typeLiteral } from "./text.js";
import type { Types } from "./type.js";

/** Of the library. */
const flags = "bigint | OpsFlag | readonly OpsFlag[]";

/** The types of the ops of each scheduler that an object holds: fields that are data. Names where it is, in C. */
export function opsTypes(
  btf: Btf,
  types: Types,
  described: readonly StructOpsDescription[],
): { about: string; type: string }[] {
  const schedulers = described.filter(({ type }) => isSchedulerType(type));
  const structs = new Map(structOpsTypes(btf).map(({ map, type }) => [map, type]));
  return schedulers.flatMap(({ map, type: kernelType, fields }) => {
    const struct = structs.get(map);
    if (!struct) return [];
    const set = new Map(fields.map((field) => [field.name, field.value]));
    const members = struct.members.flatMap(({ name, type }): Member[] => {
      if (btf.resolve(type).kind === "ptr") return [];
      // Of several, what each sets is of no use to who has but one.
      const value = schedulers.length === 1 ? set.get(name) : undefined;
      const about = `${code(btf.describe(type))}${defaultText(value === undefined ? {} : { value })}.`;
      return [{ name, type: types.of(type), about, ...(name === "flags" && { settable: flags }) }];
    });
    return [{ about: `${code(map)}, a ${code(kernelType)}`, type: typeLiteral(members) }];
  });
}
