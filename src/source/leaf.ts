// SPDX-License-Identifier: MIT
import type { Btf, BtfMember } from "../bpf/btf.js";

/** One integer within a value. */
export interface Leaf {
  /** Names of the members that lead to it, and indexes of the elements. Empty when the value is an integer itself. */
  readonly path: readonly (string | number)[];
  /** Bytes from the value's beginning. */
  readonly offset: number;
  /** 1, 2, 4 or 8 bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** Id of the struct that it is a member of, and its index there: where its tags are. */
  readonly member?: { readonly struct: number; readonly index: number };
}

/** More than any reader of them could take. */
const mostLeaves = 4096;

/** More integers, over all entries of an array, than anybody looks at: it is a table that a scheduler works with. */
export const mostWords = 16_384;

/** The integers that a type is made of, nested structs and arrays of any dimension included; what is none is left out. */
export function leavesOf(btf: Btf, type: number): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (id: number, offset: number, path: readonly (string | number)[], member?: Leaf["member"]): void => {
    const resolved = btf.resolve(id);
    if (leaves.length >= mostLeaves || path.length > 16) return;
    switch (resolved.kind) {
      case "int":
      case "enum":
      case "enum64":
        if ([1, 2, 4, 8].includes(resolved.size))
          leaves.push({ path, offset, size: resolved.size, signed: resolved.signed, ...(member && { member }) });
        return;
      case "array": {
        const step = btf.sizeOf(resolved.type);
        if (step === 0) return;
        for (let i = 0; i < resolved.length && leaves.length < mostLeaves; i++)
          walk(resolved.type, offset + i * step, [...path, i], member);
        return;
      }
      case "struct":
        resolved.members.forEach((one, index) => {
          if (isWhole(one))
            walk(one.type, offset + one.bitOffset / 8, one.name === "" ? path : [...path, one.name], {
              struct: resolved.id,
              index,
            });
        });
        return;
      default:
        return; // pointers and the like say nothing that could be counted; members of a union say it twice
    }
  };
  walk(type, 0, []);
  return leaves;
}

const isWhole = (member: BtfMember): boolean => member.bitSize === 0 && member.bitOffset % 8 === 0;

/** Leaves as the addon takes them. */
export const packed = (leaves: readonly Leaf[]): Uint32Array =>
  new Uint32Array(leaves.flatMap(({ offset, size, signed }) => [offset, size, signed ? 1 : 0]));
