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
  return write(value, []);
}

type Path = (string | number)[];

function write(value: unknown, path: Path): string {
  switch (typeof value) {
    case "bigint":
      return integer(value, path);
    case "number":
      return float(value, path);
    case "string":
      return quote(value, path);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? refuse(path, "null") : container(value, path);
    default:
      return refuse(path, typeof value);
  }
}

function container(value: object, path: Path): string {
  if (path.length >= maxDepth) {
    return refuse(path.slice(0, 3), `nested deeper than ${maxDepth} levels`);
  }
  if (Array.isArray(value)) return array(value, path);
  if (value instanceof BigUint64Array || value instanceof BigInt64Array) return `[${value.join(",")}]`;
  if (value instanceof Float64Array) return array(Array.from(value), path);
  if (value instanceof Map) return dictionary(mapEntries(value, path), path);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return refuse(path, `an object of class ${value.constructor?.name ?? "?"}`);
  }
  return dictionary(
    Object.entries(value).filter(([, member]) => member !== undefined),
    path,
  );
}

function array(values: readonly unknown[], path: Path): string {
  let text = "[";
  // By index, so that a hole is met (and refused) like any other undefined.
  for (let i = 0; i < values.length; i++) {
    path.push(i);
    text += (i === 0 ? "" : ",") + write(values[i], path);
    path.pop();
  }
  return `${text}]`;
}

function dictionary(entries: [string, unknown][], path: Path): string {
  entries.sort(([a], [b]) => compareUtf8(a, b));
  let text = "{";
  for (const [key, member] of entries) {
    path.push(key);
    text += `${text === "{" ? "" : ","}${quote(key, path)}:${write(member, path)}`;
    path.pop();
  }
  return `${text}}`;
}

function mapEntries(map: ReadonlyMap<unknown, unknown>, path: Path): [string, unknown][] {
  const seen = new Map<string, unknown>();
  for (const [key, member] of map) {
    const name = typeof key === "bigint" ? integer(key, path) : key;
    if (typeof name !== "string") return refuse(path, `a dictionary with a ${typeof key} as its key`);
    if (seen.has(name)) return refuse(path, `a dictionary with the key "${name}" twice, as integer and as string`);
    seen.set(name, member);
  }
  return [...seen];
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

/** On well-formed strings JSON.stringify escapes exactly what serde_json does, and in the same way. */
function quote(text: string, path: Path): string {
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
