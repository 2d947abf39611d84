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

/** Called for each value without parts; `stat.type` is that of the value itself. */
export type LeafVisitor = (name: string, stat: Pick<Stat, "kind" | "type">, value: LeafValue) => void;

/** Visits all values of a group by their dotted names: `cpu.0` and `busy` make `cpu.0.busy`. What is absent is passed over. */
export function visitValues(
  prefix: string,
  schema: StatsSchema,
  values: Readonly<Record<string, StatValue>>,
  visit: LeafVisitor,
): void {
  for (const stat of schema.stats) {
    const value = values[stat.name];
    if (value !== undefined) visitValue(prefix === "" ? stat.name : `${prefix}.${stat.name}`, stat, value, visit);
  }
}

function visitValue(name: string, stat: Pick<Stat, "kind" | "type">, value: StatValue, visit: LeafVisitor): void {
  const { kind, type = kind === "counter" ? "u64" : "i64" } = stat;
  if ("fields" in value) {
    if (typeof type === "object" && "struct" in type) visitValues(name, type.struct, value.fields, visit);
  } else if ("items" in value)
    for (const [i, item] of value.items.entries())
      visitValue(`${name}.${i}`, { kind, type: datumOf(type) }, item, visit);
  else if ("entries" in value)
    for (const [key, item] of Object.entries(value.entries))
      visitValue(`${name}.${key}`, { kind, type: datumOf(type) }, item, visit);
  else visit(name, { kind, type }, value);
}
