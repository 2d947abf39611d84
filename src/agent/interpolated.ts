// SPDX-License-Identifier: MIT
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

/** What environment variables made of a value that isn't quoted, until it stands in its place. */
export class Interpolated {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What numbers and the like are made of. */
const plain = /^[-+.\w~]*$/;

type Container = Record<string, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

/**
 * Values from the environment. One is a number, true, false or null where all of its text is one, as if it had been written there; and where
 * a schema wants text, or it is anything else, the text as it is, sign for sign. What would lose a digit is a number only where a schema wants one.
 */
export class InterpolatedValues {
  /** Their texts, by where they stand, until a schema has chosen. */
  readonly #texts = new Map<Container, Map<string, string>>();

  /** Puts values in the place of what was interpolated. An object that stands in several places is one. */
  settle(value: unknown): unknown {
    if (value instanceof Interpolated) return resolved(value.text);
    this.#settle(value, new Set());
    return value;
  }

  #settle(value: unknown, seen: Set<unknown>): void {
    if (!isContainer(value) || seen.has(value)) return;
    seen.add(value);
    for (const [key, inside] of Object.entries(value)) {
      if (!(inside instanceof Interpolated)) this.#settle(inside, seen);
      else {
        value[key] = resolved(inside.text);
        const texts = this.#texts.get(value) ?? new Map<string, string>();
        this.#texts.set(value, texts.set(key, inside.text));
      }
    }
  }

  /** What a schema finds wrong with a value in which texts, and numbers, stand where they are wanted. */
  check(by: ValidateFunction, value: unknown): readonly ErrorObject[] {
    while (!by(value)) {
      const errors = by.errors ?? [];
      if (!errors.map((error) => this.#restore(value, error)).includes(true)) return errors;
    }
    return [];
  }

  /** Whether one could be mended so. */
  #restore(root: unknown, { keyword, params, instancePath }: ErrorObject): boolean {
    if (keyword !== "type") return false;
    const path = instancePath
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const key = path.pop();
    const container = path.reduce<unknown>((inside, part) => (isContainer(inside) ? inside[part] : undefined), root);
    if (!isContainer(container) || key === undefined) return false;
    const texts = this.#texts.get(container);
    const text = texts?.get(key);
    const wanted = text === undefined ? undefined : as([params.type].flat(), text);
    if (wanted === undefined || container[key] === wanted) return false;
    container[key] = wanted;
    texts?.delete(key); // alternatives may each want another
    return true;
  }
}

/** A text as one of these types, as far as it can be. */
function as(types: readonly string[], text: string): string | number | undefined {
  if (types.includes("string")) return text;
  if (!(types.includes("number") || types.includes("integer")) || !plain.test(text)) return undefined;
  const value: unknown = parse(text);
  return typeof value === "number" ? value : undefined;
}

/** By YAML's core schema, but for what would lose a digit by it: 0123, and what no float64 holds. */
function resolved(text: string): unknown {
  if (!plain.test(text) || /^[-+]?0\d/.test(text)) return text;
  const value: unknown = parse(text);
  if (value === null) return /^(?:~|null)?$/i.test(text) ? value : text;
  if (typeof value === "boolean") return value;
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
  return exact ? value : text;
}
