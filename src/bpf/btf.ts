// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** BTF kinds, as in the kernel's include/uapi/linux/btf.h; index is BTF_KIND_*. */
const kinds = [
  "void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const", "restrict",
  "func", "func_proto", "var", "datasec", "float", "decl_tag", "type_tag", "enum64",
] as const;

export type BtfKind = (typeof kinds)[number];

export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0 when the member is no bitfield. */
  readonly bitSize: number;
}

/** One type. Which of the optional parts are there depends on `kind`. */
export interface BtfType {
  readonly id: number;
  readonly kind: BtfKind;
  readonly name: string;
  /** Bytes, of int, float, struct, union, enum, enum64 and datasec. */
  readonly size: number;
  /** The type it refers to: ptr, typedef, qualifiers, func, func_proto's return, var, decl_tag, array's element. */
  readonly type: number;
  readonly signed: boolean;
  readonly bool: boolean;
  readonly members: readonly BtfMember[];
  readonly enumerators: readonly { readonly name: string; readonly value: bigint }[];
  readonly variables: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
  /** Of an array: how many elements. */
  readonly length: number;
  /** Of a decl_tag: the member it is on, or -1 for the type itself. */
  readonly component: number;
}

const malformed = (what: string) =>
  new ScxError("ERR_SCX_NOT_BPF_OBJECT", {
    op: "open",
    message: `The object's BTF is damaged: ${what}.`,
    remedy: "Build the object again with clang -g -target bpf.",
  });

const magic = 0xeb9f;

/** An object's BTF: its types by id and by name. Parsed from the raw section, without privileges. */
export class Btf {
  readonly types: readonly BtfType[];
  readonly #tags = new Map<number, BtfType[]>();

  constructor(raw: Uint8Array) {
    this.types = parse(raw);
    for (const type of this.types) {
      if (type.kind !== "decl_tag") continue;
      const list = this.#tags.get(type.type);
      if (list) list.push(type);
      else this.#tags.set(type.type, [type]);
    }
  }

  /** The type of that id; throws for one that doesn't exist. */
  type(id: number): BtfType {
    const type = this.types[id];
    if (!type) throw malformed(`type ${id} does not exist`);
    return type;
  }

  /** The type behind typedefs and qualifiers. */
  resolve(id: number): BtfType {
    let type = this.type(id);
    for (let depth = 0; transparent.has(type.kind); depth++) {
      if (depth > 32) throw malformed(`type ${id} refers to itself`);
      type = this.type(type.type);
    }
    return type;
  }

  find(kind: BtfKind, name: string): BtfType | undefined {
    return this.types.find((type) => type.kind === kind && type.name === name);
  }

  /** Texts of the decl tags on a type, or on one of its members. */
  tags(type: number, component = -1): string[] {
    return (this.#tags.get(type) ?? []).filter((tag) => tag.component === component).map((tag) => tag.name);
  }

  /** A type's size in bytes. */
  sizeOf(id: number, depth = 0): number {
    const type = this.resolve(id);
    if (depth > 32) throw malformed(`type ${id} contains itself`);
    if (type.kind === "ptr") return 8;
    if (type.kind === "array") return type.length * this.sizeOf(type.type, depth + 1);
    return type.size;
  }

  /** A type as C would write it: `unsigned int`, `char[16]`, `enum mode`. */
  describe(id: number, depth = 0): string {
    const type = this.type(id);
    if (depth > 8) return "…";
    switch (type.kind) {
      case "ptr":
        return `${this.describe(type.type, depth + 1)} *`;
      case "array":
        return `${this.describe(type.type, depth + 1)}[${type.length}]`;
      case "struct":
      case "union":
        return `${type.kind} ${type.name}`.trim();
      case "enum":
      case "enum64":
        return `enum ${type.name}`.trim();
      case "const":
      case "volatile":
      case "restrict":
      case "type_tag":
        return this.describe(type.type, depth + 1);
      default:
        return type.name || type.kind;
    }
  }
}

const transparent = new Set<BtfKind>(["typedef", "volatile", "const", "restrict", "type_tag"]);

function parse(raw: Uint8Array): BtfType[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (raw.byteLength < 24 || view.getUint16(0, true) !== magic) throw malformed("its header is wrong");
  const headerLength = view.getUint32(4, true);
  const typesAt = headerLength + view.getUint32(8, true);
  const typesEnd = typesAt + view.getUint32(12, true);
  const stringsAt = headerLength + view.getUint32(16, true);
  const stringsEnd = stringsAt + view.getUint32(20, true);
  if (typesEnd > raw.byteLength || stringsEnd > raw.byteLength) throw malformed("its sections leave it");

  const decoder = new TextDecoder();
  const text = (offset: number): string => {
    const start = stringsAt + offset;
    const end = raw.indexOf(0, start);
    if (start >= stringsEnd || end < 0 || end >= stringsEnd) throw malformed("a name leaves the strings");
    return decoder.decode(raw.subarray(start, end));
  };

  const types: BtfType[] = [{ ...blank, id: 0, kind: "void", name: "void" }];
  let at = typesAt;
  const u32 = (): number => {
    if (at + 4 > typesEnd) throw malformed("a type is cut off");
    at += 4;
    return view.getUint32(at - 4, true);
  };
  while (at < typesEnd) {
    const name = text(u32());
    const info = u32();
    const sizeOrType = u32();
    const count = info & 0xffff;
    const flag = info >>> 31 === 1;
    const kind = kinds[(info >>> 24) & 0x1f];
    if (!kind || kind === "void") throw malformed(`kind ${(info >>> 24) & 0x1f} is unknown`);
    const common = { ...blank, id: types.length, kind, name };
    const times = <T>(one: () => T): T[] => Array.from({ length: count }, one);
    switch (kind) {
      case "int": {
        const encoding = (u32() >>> 24) & 0xf;
        types.push({ ...common, size: sizeOrType, signed: (encoding & 1) !== 0, bool: (encoding & 4) !== 0 });
        break;
      }
      case "float":
        types.push({ ...common, size: sizeOrType });
        break;
      case "struct":
      case "union": {
        const members = times(() => {
          const member = text(u32());
          const type = u32();
          const offset = u32();
          return { name: member, type, bitOffset: flag ? offset & 0xffffff : offset, bitSize: flag ? offset >>> 24 : 0 };
        });
        types.push({ ...common, size: sizeOrType, members });
        break;
      }
      case "enum": {
        const enumerators = times(() => {
          const label = text(u32());
          const value = u32();
          return { name: label, value: flag ? BigInt(value | 0) : BigInt(value) };
        });
        types.push({ ...common, size: sizeOrType, signed: flag, enumerators });
        break;
      }
      case "enum64": {
        const enumerators = times(() => {
          const label = text(u32());
          const value = BigInt(u32()) | (BigInt(u32()) << 32n);
          return { name: label, value: flag ? BigInt.asIntN(64, value) : value };
        });
        types.push({ ...common, size: sizeOrType, signed: flag, enumerators });
        break;
      }
      case "array": {
        const element = u32();
        u32(); // the index type tells nothing
        types.push({ ...common, type: element, length: u32() });
        break;
      }
      case "func_proto":
        times(() => [u32(), u32()]);
        types.push({ ...common, type: sizeOrType });
        break;
      case "var":
        u32(); // linkage
        types.push({ ...common, type: sizeOrType });
        break;
      case "datasec":
        types.push({ ...common, size: sizeOrType, variables: times(() => ({ type: u32(), offset: u32(), size: u32() })) });
        break;
      case "decl_tag":
        types.push({ ...common, type: sizeOrType, component: u32() | 0 });
        break;
      default:
        types.push({ ...common, type: sizeOrType });
    }
  }
  return types;
}

const blank = {
  size: 0, type: 0, signed: false, bool: false, members: [], enumerators: [], variables: [], length: 0, component: -1,
};
