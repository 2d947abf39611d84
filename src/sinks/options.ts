// SPDX-License-Identifier: MIT
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { ScxError } from "../error.js";
import type { OptionsSchema } from "./sink.js";

const usage = (message: string, remedy: string) => new ScxError("ERR_SCX_USAGE", { op: "sink", message, remedy });

/** What is wrong, in words: `"maxBytes" must be integer`. */
export function wordsOf({ instancePath, keyword, params, message }: ErrorObject): string {
  const where = instancePath.slice(1).replaceAll("/", ".");
  if (keyword === "additionalProperties") return `there is no option "${params.additionalProperty}"`;
  if (keyword === "required") return `"${params.missingProperty}" is missing`;
  if (keyword === "enum") return `"${where}" is none of ${params.allowedValues.join(", ")}`;
  if (keyword === "type" && where !== "") return `"${where}" must be ${[params.type].flat().join(" or ")}`;
  return where === "" ? `the options ${message}` : `"${where}" ${message}`;
}

/**
 * Options as their schema has them: checked, with its defaults filled in.
 *
 * @param what whose options they are, for the error
 * @param text whether they come as text (a command line): numbers, booleans and lists (with commas) are then made of it
 * @throws ScxError ERR_SCX_USAGE that names the option
 */
export function checkedOptions(what: string, schema: OptionsSchema, options: object, text = false): object {
  const given = text ? withLists(schema, options) : options;
  const ajv = new Ajv2020({ useDefaults: true, coerceTypes: text ? "array" : false, allowUnionTypes: true });
  const check = ajv.compile({ type: "object", additionalProperties: false, ...schema });
  const checked = structuredClone(given);
  const fits = check(checked);
  // What is made of text isn't checked for that, and passes every maximum.
  const infinite = Object.entries(checked).find(([, value]) => typeof value === "number" && !Number.isFinite(value));
  if (fits && !infinite) return checked;
  const known = Object.keys((schema.properties ?? {}) as object);
  const wrong = infinite ? `"${infinite[0]}" is too large` : wordsOf(check.errors?.[0] as ErrorObject);
  throw usage(`${what}: ${wrong}.`, `Its options are ${known.join(", ") || "none"}.`);
}

/** A list is text with commas between. */
function withLists({ properties = {} }: OptionsSchema, options: object): object {
  const types = properties as Record<string, { type?: unknown } | undefined>;
  const isList = (name: string, value: unknown) => typeof value === "string" && types[name]?.type === "array";
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, isList(name, value) ? value.split(",") : value]),
  );
}
