// SPDX-License-Identifier: MIT
import { printable } from "../inspect/printable.js";
import type { ContainerValue, StatValue, StatValues } from "../stats/schema.js";

/** A statistic that is one value, and how it is shown. */
export interface Cell {
  /** Of a group's field with the group's name: `load.high`. */
  readonly name: string;
  readonly text: string;
}

/** A statistic that has an element for each of its keys: a dictionary, or a list with its indexes. */
export interface Keyed {
  readonly name: string;
  readonly elements: ReadonlyMap<string, StatValue>;
}

/** Values for people: those that are one value, groups taken apart, and those that have keys. */
export function cellsOf(values: StatValues, prefix = ""): { cells: Cell[]; keyed: Keyed[] } {
  const found: { cells: Cell[]; keyed: Keyed[] } = { cells: [], keyed: [] };
  for (const [own, value] of Object.entries(values)) {
    const name = printable(prefix + own);
    if ("fields" in value) {
      const inner = cellsOf(value.fields, `${prefix}${own}.`);
      found.cells.push(...inner.cells);
      found.keyed.push(...inner.keyed);
    } else if ("items" in value || "entries" in value) found.keyed.push({ name, elements: elementsOf(value) });
    else found.cells.push({ name, text: textOf(value) });
  }
  return found;
}

/** Fractions with as many digits as anybody reads. */
const digits = 6;

function textOf(value: Exclude<StatValue, ContainerValue>): string {
  if ("total" in value) return `${value.total} (+${value.delta})`;
  if ("buckets" in value) return `${value.count} (+${value.delta.count})`;
  if (typeof value.value === "number") return `${Number(value.value.toPrecision(digits))}`;
  return printable(`${value.value}`);
}

function elementsOf(value: Exclude<ContainerValue, { fields: unknown }>): Map<string, StatValue> {
  if ("items" in value) return new Map(value.items.map((item, i) => [`${i}`, item]));
  const order = new Intl.Collator("en", { numeric: true });
  return new Map(
    Object.entries(value.entries)
      .sort(([a], [b]) => order.compare(a, b))
      .map(([key, item]) => [printable(key), item]),
  );
}
