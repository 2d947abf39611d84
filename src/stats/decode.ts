// SPDX-License-Identifier: MIT
import { ScxError, type ScxErrorCode } from "../error.js";
import { histogramStruct, type Leave, refuse } from "./meta.js";
import type { KeyType, ScalarType, StatDatum, StatsSchema, StatType } from "./schema.js";

/** What integers are given as. A number holds them up to 2^53 only; what is beyond is an error, never rounded. */
export type Integers = "bigint" | "number";

/** A type with its bigints turned into numbers. */
export type WithNumbers<T> = T extends bigint
  ? number
  : T extends ReadonlyMap<infer K, infer V>
    ? ReadonlyMap<WithNumbers<K>, WithNumbers<V>>
    : T extends object
      ? { readonly [K in keyof T]: WithNumbers<T[K]> }
      : T;

export interface DecodeOptions {
  /** bigint unless said otherwise. */
  integers?: Integers | undefined;
  /** Refuse fields that the schema doesn't have; they are left out otherwise. */
  strict?: boolean;
  /**
   * Called for each value that is missing or isn't what it should be, which is then left out and all others kept: a field is absent,
   * a dictionary's key has undefined. A list with such an item is left out whole, where others would move up. Refused unless given.
   */
  leave?: Leave | undefined;
}

/** Values of a schema: groups as objects without a prototype, dictionaries as Map, lists as arrays. */
export type DecodedValues = Record<string, unknown>;

/** A histogram as it travels. */
const histogram: StatsSchema = {
  name: histogramStruct,
  stats: [
    { name: "count", kind: "counter" },
    { name: "sum", kind: "counter" },
    { name: "buckets", kind: "counter", type: { array: "u64" } },
  ],
};

/**
 * Checks what a server answered against a schema, and gives it by its types. An integer is taken for a float, as serde
 * does; nothing else is taken for what it isn't.
 *
 * @param value a parsed reply: integers as bigint, dictionaries and groups as objects
 * @throws ScxError ERR_SCX_WIRE that names the field (`doms_dict.3.pressure`), what it is and what it should be;
 * ERR_SCX_VALUE for an integer that is no exact number where those are asked for
 */
export function decodeValues(schema: StatsSchema, value: unknown, options: DecodeOptions = {}): DecodedValues {
  return group(schema, value, "", options);
}

function group(schema: StatsSchema, value: unknown, where: string, options: DecodeOptions): DecodedValues {
  const at = (name: string) => (where === "" ? name : `${where}.${name}`);
  if (!isObject(value)) throw mismatch(where || "The reply", value, `an object with the fields of ${schema.name}`);
  const values: DecodedValues = Object.create(null);
  for (const { name, kind, type = kind === "counter" ? "u64" : "i64" } of schema.stats) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    const own = kind === "histogram" ? { struct: histogram } : type;
    // Half a histogram is none.
    const inner = kind === "histogram" ? { integers: options.integers } : options;
    const decoded = orLeft(options, () => decodeType(own, item, at(name), inner));
    if (decoded !== undefined) values[name] = decoded;
  }
  if (options.strict) {
    const extra = Object.keys(value).find((name) => !(name in values));
    if (extra !== undefined) throw mismatch(at(extra), value[extra], `described by ${schema.name}, or not there`);
  }
  return values;
}

function decodeType(type: StatType, value: unknown, where: string, options: DecodeOptions): unknown {
  if (typeof type === "string" || "struct" in type) return datum(type, value, where, options);
  if ("array" in type) {
    if (!Array.isArray(value)) throw mismatch(where, value, "a list");
    return value.map((item, i) => datum(type.array, item, `${where}[${i}]`, options));
  }
  if (!isObject(value)) throw mismatch(where, value, "a dictionary");
  return new Map(
    Object.entries(value).map(([key, item]) => [
      decodeKey(type.key, key, where, options),
      orLeft(options, () => datum(type.dict, item, `${where}.${key}`, options)),
    ]),
  );
}

/** What isn't what it should be is left out, where that is allowed. */
function orLeft<T>({ leave = refuse }: DecodeOptions, decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if ((error as ScxError).code !== "ERR_SCX_WIRE") throw error;
    leave(error as ScxError);
    return undefined;
  }
}

function decodeKey(type: KeyType, key: string, where: string, options: DecodeOptions): unknown {
  if (type === "string") return key;
  // As an integer is written, and not as BigInt() would also read it (" 1", "0x1", "").
  if (!/^(0|-?[1-9]\d{0,19})$/.test(key)) throw mismatch(`A key of ${where}`, key, words[type]);
  return scalar(type, BigInt(key), `A key of ${where}`, options);
}

function datum(type: StatDatum, value: unknown, where: string, options: DecodeOptions): unknown {
  return typeof type === "object" ? group(type.struct, value, where, options) : scalar(type, value, where, options);
}

function scalar(type: ScalarType, value: unknown, where: string, options: DecodeOptions): unknown {
  const kind = typeof value;
  if (type === "string" && kind === "string") return value;
  if (type === "float" && (kind === "number" || kind === "bigint") && Number.isFinite(Number(value)))
    return Number(value);
  if ((type === "u64" || type === "i64") && typeof value === "bigint") {
    const bits = type === "u64" ? BigInt.asUintN : BigInt.asIntN;
    if (bits(64, value) === value) return integer(value, where, options.integers);
  }
  throw mismatch(where, value, words[type]);
}

/** A value of unknown type, all its integers as they are asked for. @throws ScxError ERR_SCX_VALUE that names the field */
export function withIntegers(value: unknown, integers: Integers | undefined, where = ""): unknown {
  if (integers !== "number") return value;
  if (typeof value === "bigint") return integer(value, where || "The reply", integers);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item, i) => withIntegers(item, integers, `${where}[${i}]`));
  const result: Record<string, unknown> = Object.create(null);
  for (const [name, item] of Object.entries(value))
    result[name] = withIntegers(item, integers, where === "" ? name : `${where}.${name}`);
  return result;
}

/** An integer as it is asked for. @throws ScxError ERR_SCX_VALUE where a number can't hold it */
function integer(value: bigint, where: string, integers: Integers | undefined): bigint | number {
  if (integers !== "number") return value;
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw failure(
    "ERR_SCX_VALUE",
    `${where} is ${value}, which a number can't hold exactly.`,
    'Ask for integers as "bigint".',
  );
}

const words: Record<ScalarType, string> = {
  u64: "an integer from 0 to 2^64 - 1",
  i64: "an integer from -2^63 to 2^63 - 1",
  float: "a finite number",
  string: "a text",
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (isObject(value)) return "an object";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return Number.isInteger(value) ? `${value} with a fraction` : String(value);
}

const mismatch = (where: string, value: unknown, what: string): ScxError =>
  failure(
    "ERR_SCX_WIRE",
    `${where.replace(/\p{Cc}/gu, " ").slice(0, 200)} is ${shown(value)}, and should be ${what}.`,
    "See whether the server is of the version that the description was made for.",
  );

const failure = (code: ScxErrorCode, message: string, remedy: string): ScxError =>
  new ScxError(code, { op: "read", message, remedy });
