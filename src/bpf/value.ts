// SPDX-License-Identifier: MIT
import { parse } from "lossless-json";
import { ScxError } from "../error.js";
import type { Btf, BtfMember, BtfType } from "./btf.js";

/**
 * A value of a BTF type in TypeScript: integers up to 32 bits as number, 64-bit ones as bigint, bool, float as number,
 * an enum as its enumerator's name (or number), char arrays as string, arrays and structs as such, pointers as bigint.
 * Members without a name (C's anonymous structs and unions) lend theirs to the struct that they are in.
 */
export type BtfValue =
  | number
  | bigint
  | boolean
  | string
  | readonly BtfValue[]
  | { readonly [member: string]: BtfValue };

const wrong = (where: string, message: string, remedy: string) =>
  new ScxError("ERR_SCX_VALUE", { op: "set", message: `${where}: ${message}`, remedy });

const shown = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}`;
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}` : inner)) ?? String(value);
};

/** Whether that is a text: an array of char. */
export const isChars = (btf: Btf, type: BtfType): boolean => {
  if (type.kind !== "array") return false;
  const element = btf.resolve(type.type);
  return element.kind === "int" && element.size === 1 && element.name === "char";
};

function readInt(view: DataView, offset: number, size: number, signed: boolean): bigint {
  if (size === 8) return signed ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
  if (size === 4) return BigInt(signed ? view.getInt32(offset, true) : view.getUint32(offset, true));
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(offset + i));
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

function writeInt(view: DataView, offset: number, size: number, value: bigint): void {
  if (size === 8) {
    view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    return;
  }
  for (let i = 0, rest = BigInt.asUintN(size * 8, value); i < size; i++, rest >>= 8n)
    view.setUint8(offset + i, Number(rest & 0xffn));
}

/** Reads a value of type `id` at `offset`. */
export function decode(btf: Btf, id: number, view: DataView, offset = 0): BtfValue {
  const type = btf.resolve(id);
  switch (type.kind) {
    case "int": {
      const value = readInt(view, offset, type.size, type.signed);
      if (type.bool) return value !== 0n;
      return type.size > 4 ? value : Number(value);
    }
    case "enum":
    case "enum64": {
      const value = readInt(view, offset, type.size, type.signed);
      return type.enumerators.find((one) => one.value === value)?.name ?? (type.size > 4 ? value : Number(value));
    }
    case "float":
      return type.size === 4 ? view.getFloat32(offset, true) : view.getFloat64(offset, true);
    case "ptr":
      return view.getBigUint64(offset, true);
    case "array": {
      if (isChars(btf, type)) {
        const bytes = Buffer.from(view.buffer, view.byteOffset + offset, type.length);
        const end = bytes.indexOf(0);
        return bytes.toString("utf8", 0, end < 0 ? undefined : end);
      }
      const step = btf.sizeOf(type.type);
      if (step === 0) return []; // however many of them there are
      return Array.from({ length: type.length }, (_, i) => decode(btf, type.type, view, offset + i * step));
    }
    case "struct":
    case "union": {
      const result: { [member: string]: BtfValue } = Object.create(null);
      for (const member of type.members) {
        if (member.bitSize > 0) result[member.name] = readBits(btf, member, view, offset);
        else {
          const value = decode(btf, member.type, view, offset + member.bitOffset / 8);
          if (member.name === "") Object.assign(result, value);
          else result[member.name] = value;
        }
      }
      return result;
    }
    default:
      throw wrong(type.name || type.kind, `a ${type.kind} has no value.`, "Read one of its parts.");
  }
}

/** The bytes that a bitfield touches, and where in them it begins. */
function bitPlace({ bitOffset, bitSize }: BtfMember, at: number): { first: number; bytes: number; shift: bigint } {
  const first = Math.floor(bitOffset / 8);
  const last = Math.floor((bitOffset + bitSize - 1) / 8);
  return { first: at + first, bytes: last - first + 1, shift: BigInt(bitOffset % 8) };
}

function readBits(btf: Btf, member: BtfMember, view: DataView, at: number): BtfValue {
  const { first, bytes, shift } = bitPlace(member, at);
  const type = btf.resolve(member.type);
  const raw = readInt(view, first, bytes, false) >> shift;
  const value = type.signed ? BigInt.asIntN(member.bitSize, raw) : BigInt.asUintN(member.bitSize, raw);
  if (type.bool) return value !== 0n;
  return type.enumerators.find((one) => one.value === value)?.name ?? (member.bitSize > 32 ? value : Number(value));
}

function writeBits(btf: Btf, member: BtfMember, value: unknown, view: DataView, at: number, where: string): void {
  const { first, bytes, shift } = bitPlace(member, at);
  const type = btf.resolve(member.type);
  const integer =
    type.kind === "int" && type.bool
      ? BigInt(toBool(where, value))
      : type.enumerators.length > 0
        ? toEnum(where, value, type)
        : toInteger(where, value, type.size, type.signed, btf.describe(member.type));
  const bits = type.signed ? BigInt.asIntN(member.bitSize, integer) : BigInt.asUintN(member.bitSize, integer);
  if (bits !== integer)
    throw wrong(where, `${shown(value)} needs more than ${member.bitSize} bits.`, "Give a smaller number.");
  const mask = ((1n << BigInt(member.bitSize)) - 1n) << shift;
  const before = readInt(view, first, bytes, false);
  writeInt(view, first, bytes, (before & ~mask) | ((bits << shift) & mask));
}

/** A struct's member by name, those of its anonymous members too; the offset is from the struct's begin. */
export function findMember(btf: Btf, struct: BtfType, name: string): BtfMember | undefined {
  for (const member of struct.members) {
    if (member.name === name) return member;
    if (member.name !== "") continue;
    const inner = findMember(btf, btf.resolve(member.type), name);
    if (inner) return { ...inner, bitOffset: member.bitOffset + inner.bitOffset };
  }
  return undefined;
}

/** The names that {@link findMember} finds. */
export const memberNames = (btf: Btf, struct: BtfType): string[] =>
  struct.members.flatMap(({ name, type }) => (name === "" ? memberNames(btf, btf.resolve(type)) : [name]));

/** Text of a list or an object, as on the command line: JSON, its numbers left as text so that none loses a digit. */
function fromJson(where: string, text: string): unknown {
  try {
    return parse(text, undefined, (number) => number);
  } catch (cause) {
    throw wrong(where, `${shown(text)} is no JSON: ${(cause as Error).message}.`, 'Write [1,2] or {"member":1}.');
  }
}

/** A list, or the text of one: `1,2,3` or `[1,2,3]`; undefined for what is neither. */
export function asList(value: unknown, where: string): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as unknown as unknown[]);
  if (typeof value !== "string") return undefined;
  const list = value.trimStart().startsWith("[") ? fromJson(where, value) : value.split(",");
  return Array.isArray(list) ? list : undefined;
}

function toInteger(where: string, value: unknown, size: number, signed: boolean, name: string): bigint {
  let integer: bigint | undefined;
  if (typeof value === "bigint") integer = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) integer = BigInt(value);
  else if (typeof value === "string" && /^-?(0x[0-9a-f]+|\d+)$/i.test(value.trim())) {
    const text = value.trim();
    integer = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  }
  const low = signed ? -(1n << BigInt(size * 8 - 1)) : 0n;
  const high = (1n << BigInt(signed ? size * 8 - 1 : size * 8)) - 1n;
  if (integer === undefined || integer < low || integer > high)
    throw wrong(where, `${shown(value)} is no value of type ${name}.`, `Give an integer from ${low} to ${high}.`);
  return integer;
}

function toEnum(where: string, value: unknown, type: BtfType): bigint {
  if (typeof value === "string") {
    const found = type.enumerators.find((one) => one.name === value);
    if (found) return found.value;
    if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(value))
      throw wrong(
        where,
        `enum ${type.name} has no enumerator ${shown(value)}.`,
        `Give one of ${type.enumerators.map((one) => one.name).join(", ")}, or a number.`,
      );
  }
  return toInteger(where, value, type.size, type.signed, `enum ${type.name}`);
}

function toBool(where: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "1" || value === 1 || value === 1n) return true;
  if (value === "false" || value === "0" || value === 0 || value === 0n) return false;
  throw wrong(where, `${shown(value)} is no value of type bool.`, "Give true or false.");
}

/**
 * Writes `value` as type `id` at `offset`. Texts are understood too, as the command line has nothing else. `where` names
 * the variable in errors.
 */
export function encode(btf: Btf, id: number, value: unknown, view: DataView, offset: number, where: string): void {
  const type = btf.resolve(id);
  switch (type.kind) {
    case "int":
      if (type.bool) writeInt(view, offset, type.size, toBool(where, value) ? 1n : 0n);
      else writeInt(view, offset, type.size, toInteger(where, value, type.size, type.signed, btf.describe(id)));
      return;
    case "enum":
    case "enum64":
      writeInt(view, offset, type.size, toEnum(where, value, type));
      return;
    case "float": {
      const float = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof float !== "number" || Number.isNaN(float))
        throw wrong(where, `${shown(value)} is no value of type ${type.name}.`, "Give a number.");
      if (type.size === 4) view.setFloat32(offset, float, true);
      else view.setFloat64(offset, float, true);
      return;
    }
    case "array":
      encodeArray(btf, type, value, view, offset, where);
      return;
    case "struct":
    case "union":
      encodeStruct(btf, type, value, view, offset, where);
      return;
    default:
      throw wrong(where, `a ${type.kind} can't be set.`, "Set one of its parts, or leave it to the program.");
  }
}

function encodeArray(btf: Btf, type: BtfType, value: unknown, view: DataView, offset: number, where: string): void {
  if (isChars(btf, type)) {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : undefined;
    if (!bytes || bytes.length >= type.length)
      throw wrong(
        where,
        `${shown(value)} is no text for char[${type.length}].`,
        `Give a string of at most ${type.length - 1} bytes.`,
      );
    new Uint8Array(view.buffer, view.byteOffset + offset, type.length).fill(0).set(bytes);
    return;
  }
  const list = asList(value, where);
  if (!list || list.length > type.length)
    throw wrong(
      where,
      `${shown(value)} is no value of type ${btf.describe(type.id)}.`,
      `Give at most ${type.length} values (a,b,…).`,
    );
  const step = btf.sizeOf(type.type);
  list.forEach((item, i) => {
    encode(btf, type.type, item, view, offset + i * step, `${where}[${i}]`);
  });
}

function encodeStruct(btf: Btf, type: BtfType, given: unknown, view: DataView, offset: number, where: string): void {
  const value = typeof given === "string" && given.trimStart().startsWith("{") ? fromJson(where, given) : given;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(
      where,
      `${shown(value)} is no ${btf.describe(type.id)}.`,
      `Give an object, or set a member: ${where}.MEMBER=VALUE.`,
    );
  for (const [name, item] of Object.entries(value)) {
    const member = findMember(btf, type, name);
    if (!member)
      throw wrong(
        where,
        `${btf.describe(type.id)} has no member ${shown(name)}.`,
        `It has ${memberNames(btf, type).join(", ")}.`,
      );
    encodeMember(btf, member, item, view, offset, `${where}.${name}`);
  }
}

/** Writes a member of the struct that begins at `offset`. */
export function encodeMember(
  btf: Btf,
  member: BtfMember,
  value: unknown,
  view: DataView,
  offset: number,
  where: string,
): void {
  if (member.bitSize > 0) writeBits(btf, member, value, view, offset, where);
  else encode(btf, member.type, value, view, offset + member.bitOffset / 8, where);
}
