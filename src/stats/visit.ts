// SPDX-License-Identifier: MIT
import {
  type CounterValue,
  datumOf,
  type GaugeValue,
  type HistogramValue,
  type Stat,
  type StatsSchema,
  type StatValue,
} from "./schema.js";

/** A value without parts, with what its statistic is. */
export type LeafValue = CounterValue | GaugeValue | HistogramValue;

/** What stands for a dot that is in a key, where the parts of a name are to be told apart: no key has this. */
export const keyDot = "\0";

/**
 * Called for each value without parts; `stat.type` is that of the value itself. `exact` is the name with {@link keyDot} for each dot within its
 * parts; undefined where there are none.
 */
export type LeafVisitor = (
  name: string,
  stat: Pick<Stat, "kind" | "type">,
  value: LeafValue,
  exact: string | undefined,
) => void;

/** Where a value stands. */
interface Place {
  readonly name: string;
  readonly exact: string | undefined;
}

function inside({ name, exact }: Place, part: string): Place {
  const dotted = exact !== undefined || part.includes(".");
  const all = name === "" ? part : `${name}.${part}`;
  if (!dotted) return { name: all, exact: undefined };
  const exactPart = part.replaceAll(".", keyDot);
  return { name: all, exact: name === "" ? exactPart : `${exact ?? name}.${exactPart}` };
}

/** Visits all values of a group by their dotted names: `cpu.0` and `busy` make `cpu.0.busy`. What is absent is passed over. */
export function visitValues(
  prefix: string,
  schema: StatsSchema,
  values: Readonly<Record<string, StatValue>>,
  visit: LeafVisitor,
): void {
  visitFields(inside({ name: "", exact: undefined }, prefix), schema, values, visit);
}

function visitFields(
  place: Place,
  { stats }: StatsSchema,
  values: Readonly<Record<string, StatValue>>,
  visit: LeafVisitor,
): void {
  for (const stat of stats) {
    const value = values[stat.name];
    if (value !== undefined) visitValue(inside(place, stat.name), stat, value, visit);
  }
}

function visitValue(place: Place, stat: Pick<Stat, "kind" | "type">, value: StatValue, visit: LeafVisitor): void {
  const { kind, type = kind === "counter" ? "u64" : "i64" } = stat;
  if ("fields" in value) {
    if (typeof type === "object" && "struct" in type) visitFields(place, type.struct, value.fields, visit);
  } else if ("items" in value)
    for (const [i, item] of value.items.entries())
      visitValue(inside(place, `${i}`), { kind, type: datumOf(type) }, item, visit);
  else if ("entries" in value)
    for (const [key, item] of Object.entries(value.entries))
      visitValue(inside(place, key), { kind, type: datumOf(type) }, item, visit);
  else visit(place.name, { kind, type }, value, place.exact);
}
