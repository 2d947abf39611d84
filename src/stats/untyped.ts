// SPDX-License-Identifier: MIT
import type { StatValue, StatValues } from "./schema.js";

/**
 * Values of a reply that nothing describes, as they look: objects whose names are all integers are dictionaries, others are
 * groups; what is a single value is a gauge.
 */
export function untypedValues(reply: unknown): StatValues {
  const values: StatValues = Object.create(null);
  if (!isObject(reply)) values.value = untyped(reply);
  else for (const [name, value] of Object.entries(reply)) values[name] = untyped(value);
  return values;
}

function untyped(value: unknown): StatValue {
  if (Array.isArray(value)) return { items: value.map(untyped) };
  if (!isObject(value))
    return { value: typeof value === "bigint" || typeof value === "number" ? value : String(value) };
  const entries = untypedValues(value);
  const isDictionary = Object.keys(value).every((name) => /^-?\d+$/.test(name));
  return isDictionary ? { entries } : { fields: entries };
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
