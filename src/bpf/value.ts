// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { Btf, BtfType } from "./btf.js";

/**
 * A value of a BTF type in TypeScript: integers up to 32 bits as number, 64-bit ones as bigint, bool, float as number,
 * an enum as its enumerator's name (or number), char arrays as string, arrays and structs as such, pointers as bigint.
 */
export type BtfValue = number | bigint | boolean | string | BtfValue[] | { [member: string]: BtfValue };

const wrong = (where: string, message: string, remedy: string) =>
  new ScxError("ERR_SCX_VALUE", { op: "set", message: `${where}: ${message}`, remedy });

const shown = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}`;
  return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}` : inner)) ?? String(value);
};

const isChars = (btf: Btf, type: BtfType): boolean => {
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
        const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, type.length);
        const end = bytes.indexOf(0);
        return new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end));
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
        else result[member.name] = decode(btf, member.type, view, offset + member.bitOffset / 8);
      }
      return result;
    }
    default:
      throw wrong(type.name || type.kind, `a ${type.kind} has no value.`, "Read one of its parts.");
  }
}

function readBits(
  btf: Btf,
  member: { type: number; bitOffset: number; bitSize: number },
  view: DataView,
  at: number,
): BtfValue {
  const first = Math.floor(member.bitOffset / 8);
  const last = Math.floor((member.bitOffset + member.bitSize - 1) / 8);
  const raw = readInt(view, at + first, last - first + 1, false) >> BigInt(member.bitOffset % 8);
  const signed = btf.resolve(member.type).signed;
  const value = signed ? BigInt.asIntN(member.bitSize, raw) : BigInt.asUintN(member.bitSize, raw);
  return member.bitSize > 32 ? value : Number(value);
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
  const list = typeof value === "string" ? value.split(",") : value;
  if (!Array.isArray(list) || list.length > type.length)
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

function encodeStruct(btf: Btf, type: BtfType, value: unknown, view: DataView, offset: number, where: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(
      where,
      `${shown(value)} is no struct ${type.name}.`,
      `Give an object, or set a member: ${where}.MEMBER=VALUE.`,
    );
  for (const [name, item] of Object.entries(value)) {
    const member = type.members.find((one) => one.name === name);
    if (!member || member.bitSize > 0)
      throw wrong(
        where,
        `struct ${type.name} has no settable member ${shown(name)}.`,
        `It has ${type.members.map((one) => one.name).join(", ")}.`,
      );
    encode(btf, member.type, item, view, offset + member.bitOffset / 8, `${where}.${name}`);
  }
}
