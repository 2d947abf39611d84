// SPDX-License-Identifier: MIT
import type { Btf, BtfMember, BtfType } from "../bpf/btf.js";
import { isChars } from "../bpf/value.js";
import { ScxError } from "../error.js";
import type { Names } from "./name.js";
import { code, comment, literal, type Member, property, typeLiteral } from "./text.js";

/** More than any compiler nests; a type within itself goes past every limit. */
const deepest = 32;

/** Structs without a name are written out wherever they stand: a few of them, each twice in the next, would fill the disk. */
const mostWritten = 100_000;

/** TypeScript for the values of BTF types, as {@link BtfValue} says, and the declarations that these refer to. */
export class Types {
  readonly #btf: Btf;
  readonly #names: Names;
  /** Names by the id of the struct or enum. */
  readonly #declared = new Map<number, string>();
  /** Their declarations, in the order of first use; made at the end, so that a long chain of structs needs no deep stack. */
  readonly #texts: (() => string)[] = [];
  #written = 0;

  constructor(btf: Btf, names: Names) {
    this.#btf = btf;
    this.#names = names;
  }

  /** What a value of that type is. */
  of(id: number, depth = 0): string {
    if (depth > deepest) throw endless(this.#btf.describe(id));
    const type = this.#btf.resolve(id);
    switch (type.kind) {
      case "int":
        return type.bool ? "boolean" : type.size > 4 ? "bigint" : "number";
      case "float":
        return "number";
      case "ptr":
        return "bigint";
      case "enum":
      case "enum64":
        return this.#enumValue(type, id, type.size > 4);
      case "array":
        return isChars(this.#btf, type) ? "string" : listOf(this.of(type.type, depth + 1));
      case "struct":
      case "union":
        return this.#struct(type, id, depth);
      default:
        return "never"; // no value that could be read
    }
  }

  /** Refers to all enums that have a name: most are used in code only, as the indexes of a map. */
  enums(): void {
    for (const kind of ["enum", "enum64"] as const)
      for (const type of this.#btf.ofKind(kind)) if (type.name !== "" && type.enumerators.length > 0) this.of(type.id);
  }

  /** All types that were referred to, as exported declarations. */
  declarations(): string[] {
    const made: string[] = [];
    for (const text of this.#texts) made.push(text()); // which may add further ones
    return made;
  }

  /** The name behind typedefs, for a type that has none of its own. */
  #nameOf(type: BtfType, id: number): string {
    if (type.name !== "") return type.name;
    for (let at = this.#btf.type(id); at.id !== type.id; at = this.#btf.type(at.type))
      if (at.kind === "typedef") return at.name;
    return "";
  }

  #enumValue(type: BtfType, id: number, wide: boolean): string {
    const number = wide ? "bigint" : "number";
    const name = this.#nameOf(type, id);
    if (name !== "")
      return `${this.#declare(type, name, (own) => enumDeclaration(this.#btf, type, name, own))} | ${number}`;
    return [...new Set(type.enumerators.map((one) => literal(one.name))), number].join(" | ");
  }

  #struct(type: BtfType, id: number, depth: number): string {
    const name = this.#nameOf(type, id);
    if (name === "") return typeLiteral(this.#writtenOut(type, depth));
    return this.#declare(type, name, (own) => {
      const about = comment(`${code(this.#btf.describe(id))}, ${type.size} bytes.`);
      return `${about}\nexport type ${own} = ${typeLiteral(this.#members(type, 0))};`;
    });
  }

  /** Its name in the module; the declaration is made once. */
  #declare(type: BtfType, cName: string, text: (name: string) => string): string {
    const known = this.#declared.get(type.id);
    if (known !== undefined) return known;
    const name = this.#names.of(type.kind, cName);
    this.#declared.set(type.id, name);
    this.#texts.push(() => text(name));
    return name;
  }

  #writtenOut(struct: BtfType, depth: number): Generator<Member> {
    if (depth > deepest || this.#written++ > mostWritten) throw endless(this.#btf.describe(struct.id));
    return this.#members(struct, depth);
  }

  *#members(struct: BtfType, depth: number): Generator<Member> {
    for (const member of struct.members) {
      const type = this.#btf.resolve(member.type);
      if (member.name === "" && member.bitSize === 0) {
        yield* this.#writtenOut(type, depth + 1); // it lends its members
      } else yield this.#member(member, type, depth);
    }
  }

  #member(member: BtfMember, type: BtfType, depth: number): Member {
    const { name, bitSize } = member;
    const cType = code(this.#btf.describe(member.type));
    if (type.kind === "ptr")
      return { name, readonly: true, optional: true, type: "bigint", about: `${cType}; can't be set.` };
    if (bitSize === 0) return { name, readonly: true, type: this.of(member.type, depth + 1), about: `${cType}.` };
    return {
      name,
      readonly: true,
      type: this.#bits(member, type),
      about: `${cType}, ${bitSize} bit${bitSize === 1 ? "" : "s"}.`,
    };
  }

  #bits({ type: id, bitSize }: BtfMember, type: BtfType): string {
    if (type.bool) return "boolean";
    if (type.enumerators.length > 0) return this.#enumValue(type, id, bitSize > 32);
    return bitSize > 32 ? "bigint" : "number";
  }
}

/** Names and values of an enum: a constant for the values, a type of the same name for the names. */
function enumDeclaration(btf: Btf, type: BtfType, cName: string, name: string): string {
  const wide = type.size > 4;
  const values = new Map(type.enumerators.map((one) => [one.name, `${one.value}${wide ? "n" : ""}`]));
  // What is no computed name would be the object's prototype.
  const key = (own: string) => (own === "__proto__" ? '["__proto__"]' : property(own));
  const entries = [...values].map(([own, value]) => `  ${key(own)}: ${value},\n`).join("");
  const about = (what: string) => comment(`${what} of ${code(type.name === "" ? cName : btf.describe(type.id))}.`);
  return [
    about("Values"),
    `export const ${name} = {\n${entries}} as const;`,
    about("Names"),
    `export type ${name} = keyof typeof ${name};`,
  ].join("\n");
}

/** A list of a type. */
export const listOf = (element: string): string => `readonly ${grouped(element)}[]`;

/** An array's element, with parentheses where it needs them. */
const grouped = (type: string): string => (/^readonly | \| /.test(type) ? `(${type})` : type);

const endless = (what: string) =>
  new ScxError("ERR_SCX_NOT_BPF_OBJECT", {
    op: "gen",
    message: `${what} has no end: it contains itself, or far too many structs without a name.`,
    remedy:
      "Build the object again with clang -g -target bpf; if its source is like that, give the inner structs names.",
  });
