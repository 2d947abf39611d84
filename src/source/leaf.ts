// SPDX-License-Identifier: MIT
import type { Btf, BtfMember, BtfType } from "../bpf/btf.js";

/** One integer within a value. */
export interface Leaf {
  /** Names of the members that lead to it, and indexes of the elements. Empty when the value is an integer itself. */
  readonly path: readonly (string | number)[];
  /** Bytes from the value's beginning. */
  readonly offset: number;
  /** 1, 2, 4 or 8 bytes. */
  readonly size: number;
  readonly signed: boolean;
  /** A bool or an enum: says how something is, and counts nothing. */
  readonly state?: boolean;
}

/** More than any reader of them could take. */
const mostLeaves = 4096;

/** Steps of the walk: an array may have billions of elements without an integer in them, a struct itself as its member. */
export const mostSteps = 65_536;

/** More integers, over all entries of an array, than anybody looks at: it is a table that a scheduler works with. */
export const mostWords = 16_384;

/** The integers that a type is made of, nested structs and arrays of any dimension included, and what is left out of it. */
export interface Parts {
  readonly leaves: Leaf[];
  /** Members that are bitfields or unions: names of those that lead to them, and their own. */
  readonly left: readonly (readonly string[])[];
  /** Whether there are more integers than could be taken. */
  readonly isCut: boolean;
}

/** Takes a type apart. */
export function partsOf(btf: Btf, type: number): Parts {
  const leaves: Leaf[] = [];
  const left = new Map<string, readonly string[]>();
  let steps = 0;
  let isCut = false;
  const leaveOut = (path: Leaf["path"], name: string) => {
    const names = [...path.filter((step) => typeof step === "string"), name];
    left.set(names.join("."), names);
  };
  const walk = (id: number, offset: number, path: Leaf["path"]): void => {
    const resolved = btf.resolve(id);
    isCut ||= steps++ >= mostSteps || path.length > 16;
    if (isCut) return;
    switch (resolved.kind) {
      case "int":
      case "enum":
      case "enum64": {
        const { size, signed } = resolved;
        if (![1, 2, 4, 8].includes(size)) return;
        if (leaves.length === mostLeaves) isCut = true;
        else leaves.push({ path, offset, size, signed, ...(isState(resolved) && { state: true }) });
        return;
      }
      case "array": {
        const step = btf.sizeOf(resolved.type);
        if (step === 0) return;
        for (let i = 0; i < resolved.length && !isCut; i++) walk(resolved.type, offset + i * step, [...path, i]);
        return;
      }
      case "struct":
        if (isKernels(resolved.name)) return;
        for (const one of resolved.members) {
          const inner = btf.resolve(one.type);
          if (inner.kind === "union") leaveOut(path, one.name || inner.members.map(({ name }) => name).join("/"));
          else if (isWhole(one))
            walk(one.type, offset + one.bitOffset / 8, one.name === "" ? path : [...path, one.name]);
          else if (one.name !== "") leaveOut(path, one.name);
        }
        return;
      default:
        return; // pointers and the like say nothing that could be counted; members of a union say it twice
    }
  };
  walk(type, 0, []);
  return { leaves, left: [...left.values()], isCut };
}

/** Only its integers. */
export const leavesOf = (btf: Btf, type: number): Leaf[] => partsOf(btf, type).leaves;

/** Members of a value that are the kernel's, which hands out zeros in their place: locks, timers, heads of lists, … */
const isKernels = (struct: string): boolean =>
  /^bpf_((res_)?spin_lock|timer|wq|task_work|refcount|(list|rb)_(head|root|node))$/.test(struct);

const isState = ({ kind, bool }: BtfType): boolean => kind !== "int" || bool;

const isWhole = (member: BtfMember): boolean => member.bitSize === 0 && member.bitOffset % 8 === 0;

/** Leaves as the addon takes them. */
export const packed = (leaves: readonly Leaf[]): Uint32Array =>
  new Uint32Array(leaves.flatMap(({ offset, size, signed }) => [offset, size, signed ? 1 : 0]));

/** A place as a user writes it: `place_stats.far.moved[1][0]`. */
export const placeText = (path: Leaf["path"]): string =>
  path.map((step, i) => (typeof step === "number" ? `[${step}]` : i === 0 ? step : `.${step}`)).join("");
