// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { type Leaf, mostSteps, placeText } from "./leaf.js";

/** A map's value, or a section, and the integers of it that are read; of a section perhaps the same ones in several rows. */
export interface Value {
  readonly btf: Btf;
  /** 0 for one without, which is one integer. */
  readonly type: number;
  /** The map's; of a section its variables have names of their own. */
  readonly name: string;
  readonly leaves: readonly Pick<Leaf, "offset" | "size">[];
  readonly rows?: { readonly offset: number; readonly stride: number; readonly count: number } | undefined;
}

/**
 * What of the values is none of the chosen integers, though some of the same value are: its first place; undefined where there
 * is nothing else, but for padding. Who writes a whole value writes that, too.
 * @param chosen for each integer of each entry, whether it is
 */
export function besides(value: Value, chosen: Uint8Array): string | undefined {
  const { leaves, rows } = value;
  for (let entry = 0; entry < chosen.length; entry += leaves.length) {
    const own = leaves.filter((_, i) => chosen[entry + i]);
    if (own.length === 0) continue;
    const { offset = 0, stride = 0, count = 1 } = rows ?? {};
    const taken = Array.from({ length: count }, (_, row) =>
      own.map((leaf) => spot(offset + row * stride + leaf.offset, leaf.size)),
    );
    const place = firstOther(value, new Set(taken.flat()));
    if (place) return placeText(place);
  }
  return undefined;
}

/** A number for each offset and size. */
const spot = (offset: number, size: number): number => offset * 16 + size;

function firstOther({ btf, type, name }: Value, taken: ReadonlySet<number>): Leaf["path"] | undefined {
  let steps = 0;
  const walk = (id: number, offset: number, path: Leaf["path"]): Leaf["path"] | undefined => {
    const { kind, size, length, members, variables, type: element } = btf.resolve(id);
    if (steps++ >= mostSteps || path.length > 17) return path; // more than anybody could have chosen
    switch (kind) {
      case "int":
      case "enum":
      case "enum64":
        return taken.has(spot(offset, size)) ? undefined : path;
      case "array": {
        const step = btf.sizeOf(element);
        return step === 0 ? undefined : first(length, (i) => walk(element, offset + i * step, [...path, i]));
      }
      case "struct":
        return first(members.length, (i) => {
          const { name: member, type: of, bitOffset, bitSize } = members[i] as (typeof members)[number];
          const own = member === "" ? path : [...path, member];
          if (bitSize === 0) return walk(of, offset + bitOffset / 8, own);
          return member === "" ? undefined : own;
        });
      case "datasec":
        return first(variables.length, (i) => {
          const variable = variables[i] as (typeof variables)[number];
          const { name: own, type: of } = btf.type(variable.type);
          return walk(of, variable.offset, [own]);
        });
      default:
        return path; // pointers, unions, floats
    }
  };
  return type === 0 ? (taken.has(spot(0, 8)) ? undefined : [name]) : walk(type, 0, [name]);
}

function first<T>(length: number, of: (i: number) => T | undefined): T | undefined {
  for (let i = 0; i < length; i++) {
    const found = of(i);
    if (found !== undefined) return found;
  }
  return undefined;
}
