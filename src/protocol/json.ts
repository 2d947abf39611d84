// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/**
 * What a statistics reply can be made of. The JavaScript type decides how a number is written: a `bigint` is an integer
 * (i64 or u64), a `number` is always a float (`3` becomes `3.0`). A `Map` is a dictionary, its keys may be strings or
 * integers. Object fields that are `undefined` are left out; `null` has no place, because typed clients break on it.
 */
export type WireValue =
  | bigint
  | number
  | string
  | boolean
  | readonly WireValue[]
  | BigUint64Array
  | BigInt64Array
  | Float64Array
  | ReadonlyMap<string | bigint, WireValue>
  | { readonly [field: string]: WireValue | undefined };

/**
 * How deep a reply's value may nest. Upstream's client (serde_json) gives up at 128 levels, two of which the reply's own
 * frame takes, and the deepest readable one is the 127th.
 */
export const maxDepth = 125;

/**
 * Writes a value byte for byte as Rust's serde_json does: no spaces, keys sorted as strings by their UTF-8 bytes (`"10"`
 * before `"3"`), integers with all their digits, floats always with a fraction or an exponent (`1.0`, `1e16`).
 *
 * @throws ScxError ERR_SCX_VALUE for what has no such form: NaN and the infinities, integers outside i64 and u64, null,
 * `undefined` outside an object's field, strings with half a surrogate pair, objects that are neither plain nor a Map,
 * and values nested deeper than {@link maxDepth} (which includes values that contain themselves).
 */
export function stringify(value: WireValue | object): string {
  const out: string[] = [];
  write(value, [], out);
  return out.join("");
}

type Path = (string | number)[];

/** Into pieces that are joined once: half-made texts of a large reply would be the garbage collector's main work. */
function write(value: unknown, path: Path, out: string[]): void {
  switch (typeof value) {
    case "bigint":
      out.push(integer(value, path));
      return;
    case "number":
      out.push(float(value, path));
      return;
    case "string":
      out.push(quote(value, path));
      return;
    case "boolean":
      out.push(value ? "true" : "false");
      return;
    case "object":
      if (value === null) refuse(path, "null");
      container(value, path, out);
      return;
    default:
      refuse(path, typeof value);
  }
}

function container(value: object, path: Path, out: string[]): void {
  if (path.length >= maxDepth) refuse(path.slice(0, 3), `nested deeper than ${maxDepth} levels`);
  if (Array.isArray(value)) {
    array(value, path, out);
  } else if (value instanceof BigUint64Array || value instanceof BigInt64Array) {
    out.push(`[${value.join(",")}]`);
  } else if (value instanceof Float64Array) {
    array(Array.from(value), path, out);
  } else if (value instanceof Map) {
    dictionary(mapEntries(value, path), path, out);
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      refuse(path, `an object of class ${value.constructor?.name ?? "?"}`);
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    dictionary(members, path, out);
  }
}

function array(values: readonly unknown[], path: Path, out: string[]): void {
  out.push("[");
  // By index, so that a hole is met (and refused) like any other undefined.
  for (let i = 0; i < values.length; i++) {
    path.push(i);
    if (i > 0) out.push(",");
    write(values[i], path, out);
    path.pop();
  }
  out.push("]");
}

function dictionary(entries: [string, unknown][], path: Path, out: string[]): void {
  entries.sort(([a], [b]) => compareUtf8(a, b));
  let before = "{";
  for (const [key, member] of entries) {
    path.push(key);
    out.push(before, quote(key, path), ":");
    write(member, path, out);
    before = ",";
    path.pop();
  }
  out.push(entries.length === 0 ? "{}" : "}");
}

function mapEntries(map: ReadonlyMap<unknown, unknown>, path: Path): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (const [key, member] of map) {
    const name = typeof key === "bigint" ? integer(key, path) : key;
    if (typeof name !== "string") return refuse(path, `a dictionary with a ${typeof key} as its key`);
    if (name !== key && map.has(name))
      return refuse(path, `a dictionary with the key "${name}" twice, as integer and as string`);
    entries.push([name, member]);
  }
  return entries;
}

const i64Min = -(2n ** 63n);
const u64Max = 2n ** 64n - 1n;

function integer(value: bigint, path: Path): string {
  return value < i64Min || value > u64Max ? refuse(path, `${value}, outside of i64 and u64`) : value.toString();
}

/**
 * Shortest digits that read back as the same double, which JavaScript's own conversion finds too; only the notation
 * differs. serde_json writes plain decimals from 1e-5 up to below 1e16, and an exponent elsewhere: `1e16` up to release
 * 1.0.146 (crate ryu), which is our form, and `1e+16` since 1.0.147 (crate zmij).
 */
function float(value: number, path: Path): string {
  if (!Number.isFinite(value)) return refuse(path, String(value));
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-5 && size < 1e16) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  return value.toExponential().replace("e+", "e");
}

const loneSurrogate = /\p{Surrogate}/u;

/** What most names and values are: nothing in them is escaped. */
const plain = /^[ !#-[\]-~]*$/;

/** On well-formed strings JSON.stringify escapes exactly what serde_json does, and in the same way. */
function quote(text: string, path: Path): string {
  if (plain.test(text)) return `"${text}"`;
  if (loneSurrogate.test(text)) return refuse(path, "a string with half a surrogate pair");
  return JSON.stringify(text);
}

/** Orders strings by their UTF-8 bytes. UTF-16 order is the same but for what stands above the surrogates. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates (code points from U+10000 on) behind U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function refuse(path: Path, what: string): never {
  const where = path.length === 0 ? "the reply" : path.map(String).join(".").slice(0, 200);
  throw new ScxError("ERR_SCX_VALUE", {
    op: "serialise",
    message: `${where} is ${what}, which the statistics protocol can't carry.`,
    remedy: "Use bigint for integers, finite numbers for floats, strings, arrays, plain objects and Maps.",
  });
}
