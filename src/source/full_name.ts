// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";

/** The kernel keeps so many characters of a map's name: BPF_OBJ_NAME_LEN of include/uapi/linux/bpf.h, and its end. */
export const keptOfName = 15;

/** What an object calls the maps that the kernel may mean by a name: more than one where it has cut several to the same. */
export interface MapName {
  readonly name: string;
  readonly others: readonly string[];
}

/**
 * What a map that was found by its id is called in its object. By a name that the kernel may have cut it is looked for among the maps
 * that the object's BTF declares (the section `.maps`); of several that begin so, by their types.
 */
export function nameOfMap(btf: Btf, map: ObjectMap): MapName {
  const { name } = map;
  if (name.length < keptOfName) return { name, others: [] };
  const declared = (btf.find("datasec", ".maps")?.variables ?? [])
    .map(({ type }) => btf.type(type))
    .filter((variable) => variable.name.startsWith(name));
  const [first, ...others] = declared.filter(({ type }) => isDeclaredSo(btf, type, map)).map((one) => one.name);
  if (first === undefined) return { name, others: [] };
  return others.length === 0 ? { name: first, others } : { name, others: [first, ...others] };
}

/** Whether a declaration is of such a map: `int (*type)[6]; u32 *key; u64 *value;`, as libbpf's macros write it. */
function isDeclaredSo(btf: Btf, declaration: number, { type, keyTypeId, valueTypeId }: ObjectMap): boolean {
  return btf.resolve(declaration).members.every((member) => {
    const behind = btf.resolve(member.type).type;
    if (member.name === "type") return btf.resolve(behind).length === type;
    if (member.name === "key") return keyTypeId === 0 || keyTypeId === behind;
    return member.name !== "value" || valueTypeId === 0 || valueTypeId === behind;
  });
}

/** That nobody can tell which one it is. */
export const ambiguousName = ({ name, others }: MapName): ScxError =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "read",
    message: `Map ${name} is one of ${others.join(", ")}: the kernel keeps ${keptOfName} characters of a name, and their types are the same.`,
    remedy: `Give them names that differ within the first ${keptOfName} characters.`,
  });
