// SPDX-License-Identifier: MIT
import type { MapDescription } from "../bpf/describe.js";
import { code, type Member, typeLiteral } from "./text.js";
import { listOf, type Types } from "./type.js";

/** The object's maps as members, those left out that libbpf makes: of global data and of ops. */
export const mapMembers = (types: Types, maps: readonly MapDescription[]): Member[] =>
  maps
    .filter(({ name, typeName }) => !name.includes(".") && typeName !== "struct_ops")
    .map((map) => ({
      name: map.name,
      type: typeLiteral([
        side(types, "key", map.keyTypeId, map.keySize, map.key?.type),
        perCpu(map, side(types, "value", map.valueTypeId, map.valueSize, map.value?.type)),
      ]),
      about: `${code(map.typeName ?? `type ${map.type}`)}, max_entries ${map.maxEntries}.`,
    }));

/** One for each CPU. */
const perCpu = ({ typeName = "" }: MapDescription, value: Member): Member =>
  typeName.includes("percpu") && value.type !== "never" ? { ...value, type: listOf(value.type) } : value;

const side = (types: Types, name: string, id: number, size: number, type: string | undefined): Member =>
  id === 0
    ? { name, type: "never", about: size > 0 ? `${size} bytes of a type that BTF doesn't say.` : "None." }
    : { name, type: types.of(id), about: `${code(type ?? "")}, ${size} bytes.` };
