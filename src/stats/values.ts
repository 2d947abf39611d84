// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { KeyType, ScalarType, StatDatum, StatsSchema, StatType } from "./schema.js";

const wrong = (where: string, value: unknown, what: string) =>
  new ScxError("ERR_SCX_VALUE", {
    op: "read",
    message: `Statistic ${where} is ${shown(value)}, and should be ${what}.`,
    remedy: "Give each declared statistic a value of its type.",
  });

const shown = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "object" && value !== null ? `a ${value.constructor?.name ?? "value"}` : String(value);
};

/**
 * Values of a schema, checked against it, in an order and shape that can be sent: structs and dictionaries as Map, for
 * names may be anything.
 * @throws ScxError ERR_SCX_VALUE that names what is missing, of another type, or out of its range
 */
export function checkedValues(schema: StatsSchema, values: unknown, where = ""): Map<string, unknown> {
  if (typeof values !== "object" || values === null)
    throw wrong(where || schema.name, values, `an object with the fields of ${schema.name}`);
  const at = (name: string) => (where === "" ? name : `${where}.${name}`);
  const declared = new Set(schema.stats.map(({ name }) => name));
  const extra = Object.keys(values).find((name) => !declared.has(name));
  if (extra !== undefined)
    throw wrong(at(extra), (values as Record<string, unknown>)[extra], "declared before it is sent");
  return new Map(
    schema.stats.map(({ name, kind, type = kind === "counter" ? "u64" : "i64" }) => {
      const value = Object.hasOwn(values, name) ? (values as Record<string, unknown>)[name] : undefined;
      return [name, checkedType(type, value, at(name))];
    }),
  );
}

function checkedType(type: StatType, value: unknown, where: string): unknown {
  if (typeof type === "string" || "struct" in type) return checkedDatum(type, value, where);
  if ("array" in type) {
    if (!Array.isArray(value)) throw wrong(where, value, "an array");
    return value.map((item, i) => checkedDatum(type.array, item, `${where}[${i}]`));
  }
  if (!(value instanceof Map)) throw wrong(where, value, "a Map");
  return new Map(
    [...value].map(([key, item]) => [
      checkedKey(type.key, key, where),
      checkedDatum(type.dict, item, `${where}[${key}]`),
    ]),
  );
}

const checkedKey = (type: KeyType, key: unknown, where: string): unknown => {
  if (type === "string" ? typeof key === "string" : inRange(type, key)) return key;
  throw wrong(`${where}'s key`, key, words[type]);
};

function checkedDatum(type: StatDatum, value: unknown, where: string): unknown {
  if (typeof type === "object") return checkedValues(type.struct, value, where);
  const fits = { u64: inRange, i64: inRange, float: isFloat, string: isText }[type](type, value);
  if (!fits) throw wrong(where, value, words[type]);
  return value;
}

const words: Record<ScalarType, string> = {
  u64: "a bigint from 0 to 2^64 - 1",
  i64: "a bigint from -2^63 to 2^63 - 1",
  float: "a finite number",
  string: "a string",
};

const inRange = (type: ScalarType, value: unknown): boolean =>
  typeof value === "bigint" && (type === "u64" ? BigInt.asUintN : BigInt.asIntN)(64, value) === value;
// Typed clients break on null, which is all that JSON has for the others.
const isFloat = (_: ScalarType, value: unknown): boolean => Number.isFinite(value);
const isText = (_: ScalarType, value: unknown): boolean => typeof value === "string";
