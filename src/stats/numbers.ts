// SPDX-License-Identifier: MIT
import type { HistogramCounts, StatValue } from "./schema.js";

/** What a value is made of: which of the numbers are its own. */
export type Shape =
  | "counter"
  /** A level within i64. */
  | "integer"
  /** Any other level, or nothing. */
  | "other"
  | { readonly buckets: number }
  | { readonly items: readonly Shape[] }
  | { readonly part: "fields" | "entries"; readonly names: readonly string[]; readonly shapes: readonly Shape[] };

type Value = StatValue | undefined;

export function shapeOf(value: Value): Shape {
  if (value === undefined || "value" in value) return isInteger(value?.value) ? "integer" : "other";
  if ("total" in value) return "counter";
  if ("buckets" in value) return { buckets: value.buckets.length };
  if ("items" in value) return { items: value.items.map(shapeOf) };
  const [part, members] =
    "fields" in value ? (["fields", value.fields] as const) : (["entries", value.entries] as const);
  return { part, names: Object.keys(members), shapes: Object.values(members).map(shapeOf) };
}

/** The numbers of a value, those of its deltas apart from all others, and what is no number. */
export interface Numbers {
  readonly numbers: BigUint64Array;
  readonly deltas: BigUint64Array;
  readonly others: readonly Value[];
}

/** How many of each a value of that shape has. */
export function lengths(shape: Shape): { numbers: number; deltas: number } {
  if (shape === "other") return { numbers: 0, deltas: 0 };
  if (shape === "integer") return { numbers: 1, deltas: 0 };
  if (shape === "counter") return { numbers: 1, deltas: 1 };
  if ("buckets" in shape) return { numbers: shape.buckets + 2, deltas: shape.buckets + 2 };
  const all = { numbers: 0, deltas: 0 };
  for (const part of "items" in shape ? shape.items : shape.shapes) {
    const { numbers, deltas } = lengths(part);
    all.numbers += numbers;
    all.deltas += deltas;
  }
  return all;
}

/** Writes a value as numbers. */
export class NumbersWriter implements Numbers {
  readonly numbers: BigUint64Array;
  readonly deltas: BigUint64Array;
  readonly others: Value[] = [];
  #number = 0;
  #delta = 0;

  /** @param room for how many of each */
  constructor(room: { numbers: number; deltas: number }) {
    this.numbers = new BigUint64Array(room.numbers);
    this.deltas = new BigUint64Array(room.deltas);
  }

  /** Returns whether the value has that shape, and all that it counts fits into u64; else it is written in part. */
  write(shape: Shape, value: Value): boolean {
    if (value === undefined || "value" in value) {
      if (shape === "other") return this.others.push(value) > 0;
      if (shape !== "integer" || !isInteger(value?.value)) return false;
      this.numbers[this.#number++] = value.value;
      return true;
    }
    if ("total" in value) return shape === "counter" && this.#total(value.total) && this.#added(value.delta);
    if (typeof shape === "string") return false;
    if ("buckets" in value) return "buckets" in shape && this.#histogram(shape.buckets, value, value.delta);
    if ("items" in value)
      return (
        "items" in shape &&
        shape.items.length === value.items.length &&
        shape.items.every((item, i) => this.write(item, value.items[i]))
      );
    return (
      "part" in shape && shape.part in value && this.#members(shape, "fields" in value ? value.fields : value.entries)
    );
  }

  #members({ names, shapes }: Extract<Shape, { part: unknown }>, members: Readonly<Record<string, Value>>): boolean {
    const given = Object.keys(members);
    return (
      given.length === names.length &&
      given.every((name, i) => name === names[i] && this.write(shapes[i] as Shape, members[name]))
    );
  }

  #histogram(buckets: number, total: HistogramCounts, delta: HistogramCounts): boolean {
    if (total.buckets.length !== buckets || delta.buckets.length !== buckets) return false;
    return (
      this.#total(total.count) &&
      this.#total(total.sum) &&
      total.buckets.every((one) => this.#total(one)) &&
      this.#added(delta.count) &&
      this.#added(delta.sum) &&
      delta.buckets.every((one) => this.#added(one))
    );
  }

  #total(count: bigint): boolean {
    this.numbers[this.#number++] = count;
    return isCount(count);
  }

  #added(count: bigint): boolean {
    this.deltas[this.#delta++] = count;
    return isCount(count);
  }
}

/** Reads values of numbers that were written in the same order. */
export class NumbersReader {
  readonly #of: Numbers;
  #number = 0;
  #delta = 0;
  #other = 0;

  constructor(of: Numbers) {
    this.#of = of;
  }

  read(shape: Shape): Value {
    if (shape === "counter") return { total: this.#total(), delta: this.#added() };
    if (shape === "integer") return { value: BigInt.asIntN(64, this.#total()) };
    if (shape === "other") return this.#of.others[this.#other++];
    if ("buckets" in shape) {
      const counts = (next: () => bigint): HistogramCounts => ({
        count: next(),
        sum: next(),
        buckets: Array.from({ length: shape.buckets }, next),
      });
      return { ...counts(() => this.#total()), delta: counts(() => this.#added()) };
    }
    if ("items" in shape) return { items: shape.items.map((item) => this.read(item) as StatValue) };
    const members: Record<string, StatValue> = Object.create(null); // names may be anything
    for (const [i, name] of shape.names.entries()) members[name] = this.read(shape.shapes[i] as Shape) as StatValue;
    return shape.part === "fields" ? { fields: members } : { entries: members };
  }

  #total = (): bigint => this.#of.numbers[this.#number++] as bigint;
  #added = (): bigint => this.#of.deltas[this.#delta++] as bigint;
}

/** Adds others to some deltas, modulo 2^64. */
export function addTo(deltas: BigUint64Array, others: BigUint64Array): void {
  for (let i = 0; i < deltas.length; i++) deltas[i] = (deltas[i] as bigint) + (others[i] as bigint);
}

const [i64Min, i64Max, u64Max] = [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 64n - 1n];

const isCount = (count: bigint): boolean => count >= 0n && count <= u64Max;

const isInteger = (level: unknown): level is bigint => typeof level === "bigint" && level >= i64Min && level <= i64Max;
