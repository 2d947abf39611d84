// SPDX-License-Identifier: MIT
import { isAscii } from "node:buffer";
import { ScxError } from "../error.js";

/** BTF kinds, as in the kernel's include/uapi/linux/btf.h; index is BTF_KIND_*. */
const kinds = [
  "void",
  "int",
  "ptr",
  "array",
  "struct",
  "union",
  "enum",
  "fwd",
  "typedef",
  "volatile",
  "const",
  "restrict",
  "func",
  "func_proto",
  "var",
  "datasec",
  "float",
  "decl_tag",
  "type_tag",
  "enum64",
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
  /** Of a func_proto: its arguments. */
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
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

/**
 * An object's BTF: its types by id and by name. Parsed from the raw section, without privileges; the types themselves are
 * made only when asked for, as most never are.
 */
export class Btf {
  readonly #raw: RawBtf;
  readonly #types: BtfType[] = [];
  #tags: Map<number, BtfType[]> | undefined;

  /** @throws ScxError ERR_SCX_NOT_BPF_OBJECT */
  constructor(raw: Uint8Array) {
    this.#raw = scan(raw);
  }

  /** All types of a kind, in the order of their ids. */
  *ofKind(kind: BtfKind): Generator<BtfType> {
    const wanted = kinds.indexOf(kind);
    for (let id = 1; id < this.#raw.kinds.length; id++) if (this.#raw.kinds[id] === wanted) yield this.type(id);
  }

  /**
   * The types of a kind whose names begin so, without making the others: for a kernel's BTF with its sixty thousand
   * functions.
   */
  *beginningWith(kind: BtfKind, prefix: string): Generator<BtfType> {
    const { view, strings, kinds: all, offsets } = this.#raw;
    const wanted = kinds.indexOf(kind);
    const latin = Buffer.from(prefix, "utf8").toString("latin1"); // as the strings are kept
    for (let id = 1; id < all.length; id++)
      if (all[id] === wanted && strings.startsWith(latin, view.getUint32(offsets[id] ?? 0, true))) yield this.type(id);
  }

  /** The type of that id; throws for one that doesn't exist. */
  type(id: number): BtfType {
    const known = this.#types[id];
    if (known) return known;
    if (!(id < this.#raw.kinds.length)) throw malformed(`type ${id} does not exist`);
    const type = id === 0 ? { ...blank, id, kind: "void" as const, name: "void" } : readType(this.#raw, id);
    this.#types[id] = type;
    return type;
  }

  /** The type of an array that the object doesn't have: as many as `length` of the type `element`. */
  arrayOf(element: number, length: number): number {
    const id = Math.max(this.#raw.kinds.length, this.#types.length);
    this.#types[id] = { ...blank, id, kind: "array", name: "", type: element, length };
    return id;
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
    const [found] = this.beginningWith(kind, `${name}\0`);
    return found;
  }

  /** Texts of the decl tags on a type, or on one of its members. */
  tags(type: number, component = -1): string[] {
    if (!this.#tags) {
      this.#tags = new Map();
      for (const tag of this.ofKind("decl_tag")) {
        const list = this.#tags.get(tag.type);
        if (list) list.push(tag);
        else this.#tags.set(tag.type, [tag]);
      }
    }
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
        return this.type(type.type).kind === "func_proto"
          ? `${this.describe(this.type(type.type).type, depth + 1)} (*)(…)`
          : `${this.describe(type.type, depth + 1)} *`;
      case "array": {
        const element = this.describe(type.type, depth + 1);
        // C writes the outer dimension first: int[2][3] is two times int[3].
        const inner = this.type(type.type).kind === "array" ? element.indexOf("[") : -1;
        return inner < 0
          ? `${element}[${type.length}]`
          : `${element.slice(0, inner)}[${type.length}]${element.slice(inner)}`;
      }
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

/** The raw section, checked: where each type begins, and of which kind it is. */
interface RawBtf {
  readonly view: DataView;
  readonly strings: string;
  /** Whether the strings are all ASCII, so that each byte is a character. */
  readonly ascii: boolean;
  /** Kind of each type, as BTF_KIND_*; index is the id. */
  readonly kinds: readonly number[];
  /** Where each type begins in the view. */
  readonly offsets: readonly number[];
}

/** Bytes of a type of each kind after its 12 common ones: fixed, and for each of its parts. */
const extent: Partial<Record<BtfKind, readonly [fixed: number, each: number]>> = {
  int: [4, 0],
  array: [12, 0],
  struct: [0, 12],
  union: [0, 12],
  enum: [0, 8],
  func_proto: [0, 8],
  var: [4, 0],
  datasec: [0, 12],
  decl_tag: [4, 0],
  enum64: [0, 12],
};
const extents = kinds.map((kind) => extent[kind] ?? ([0, 0] as const));

/** Bytes of a type with that `info` word, with its 12 common ones; undefined for a kind that is unknown. */
export function extentOf(info: number): number | undefined {
  const kind = (info >>> 24) & 0x1f;
  const size = extents[kind];
  return size && kind !== 0 ? 12 + size[0] + (info & 0xffff) * size[1] : undefined;
}

function scan(raw: Uint8Array): RawBtf {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  if (raw.byteLength < 24 || view.getUint16(0, true) !== magic) throw malformed("its header is wrong");
  const headerLength = view.getUint32(4, true);
  const typesEnd = headerLength + view.getUint32(8, true) + view.getUint32(12, true);
  const stringsAt = headerLength + view.getUint32(16, true);
  const stringsEnd = stringsAt + view.getUint32(20, true);
  if (typesEnd > raw.byteLength || stringsEnd > raw.byteLength) throw malformed("its sections leave it");
  // Latin-1 keeps every byte and every offset; names and tags that are more than ASCII are put right when read.
  const bytes = Buffer.from(raw.buffer, raw.byteOffset + stringsAt, stringsEnd - stringsAt);
  const found = { view, strings: bytes.toString("latin1"), ascii: isAscii(bytes), kinds: [0], offsets: [0] };
  let at = headerLength + view.getUint32(8, true);
  while (at < typesEnd) {
    if (at + 12 > typesEnd) throw malformed("a type is cut off");
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 0x1f;
    const size = extentOf(info);
    if (size === undefined) throw malformed(`kind ${kind} is unknown`);
    found.kinds.push(kind);
    found.offsets.push(at);
    at += size;
  }
  if (at !== typesEnd) throw malformed("a type is cut off");
  return found;
}

function readType({ view, strings, ascii, kinds: all, offsets }: RawBtf, id: number): BtfType {
  let at = offsets[id] ?? 0;
  const u32 = (): number => {
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const text = (): string => {
    const start = u32();
    const end = strings.indexOf("\0", start);
    if (end < 0) throw malformed("a name leaves the strings");
    const latin = strings.slice(start, end);
    return ascii ? latin : Buffer.from(latin, "latin1").toString("utf8");
  };

  const name = text();
  const info = u32();
  const sizeOrType = u32();
  const flag = info >>> 31 === 1;
  const kind = kinds[all[id] ?? 0] ?? "void";
  const common = { ...blank, id, kind, name };
  const times = <T>(one: () => T): T[] => Array.from({ length: info & 0xffff }, one);
  switch (kind) {
    case "int": {
      const encoding = (u32() >>> 24) & 0xf;
      return { ...common, size: sizeOrType, signed: (encoding & 1) !== 0, bool: (encoding & 4) !== 0 };
    }
    case "float":
      return { ...common, size: sizeOrType };
    case "struct":
    case "union": {
      const members = times(() => {
        const member = text();
        const type = u32();
        const offset = u32();
        return { name: member, type, bitOffset: flag ? offset & 0xffffff : offset, bitSize: flag ? offset >>> 24 : 0 };
      });
      return { ...common, size: sizeOrType, members };
    }
    case "enum": {
      const enumerators = times(() => {
        const label = text();
        const value = u32();
        return { name: label, value: flag ? BigInt(value | 0) : BigInt(value) };
      });
      return { ...common, size: sizeOrType, signed: flag, enumerators };
    }
    case "enum64": {
      const enumerators = times(() => {
        const label = text();
        const value = BigInt(u32()) | (BigInt(u32()) << 32n);
        return { name: label, value: flag ? BigInt.asIntN(64, value) : value };
      });
      return { ...common, size: sizeOrType, signed: flag, enumerators };
    }
    case "array": {
      const element = u32();
      u32(); // the index type tells nothing
      return { ...common, type: element, length: u32() };
    }
    case "datasec":
      return { ...common, size: sizeOrType, variables: times(() => ({ type: u32(), offset: u32(), size: u32() })) };
    case "func_proto":
      return { ...common, type: sizeOrType, parameters: times(() => ({ name: text(), type: u32() })) };
    case "decl_tag":
      return { ...common, type: sizeOrType, component: u32() | 0 };
    default:
      return { ...common, type: sizeOrType };
  }
}

const blank = {
  size: 0,
  type: 0,
  signed: false,
  bool: false,
  members: [],
  enumerators: [],
  variables: [],
  parameters: [],
  length: 0,
  component: -1,
};
