// SPDX-License-Identifier: MIT
import type { Stat, StatsSchema } from "../stats/schema.js";
import { code, typeLiteral } from "./text.js";

/** Names of the library's types, by kind. */
const valueTypes = { counter: "CounterValue", gauge: "GaugeValue<bigint>", histogram: "HistogramValue" } as const;

/** What a sample's statistics are, by name; of an object that declares none, whatever is found once it is loaded. */
export const statsType = (schema: StatsSchema | undefined): string =>
  schema
    ? typeLiteral(schema.stats.map((stat) => ({ name: stat.name, type: valueTypes[stat.kind], about: about(stat) })))
    : "StatValues";

/** The library's types that {@link statsType} is made of. */
export const statImports = (schema: StatsSchema | undefined): string[] =>
  schema ? [...new Set(schema.stats.map(({ kind }) => valueTypes[kind].replace(/<.*/, "")))] : ["StatValues"];

/** Kind, unit, meaning, and the family where it belongs to one. */
function about({ kind, desc, unit, family }: Stat): string {
  const labels = Object.entries(family?.labels ?? {}).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const parts = [
    `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${unit ? ` in ${unit}` : ""}${desc ? `: ${desc}` : ""}`,
    ...(family ? [code(`${family.name}{${labels.join(",")}}`)] : []),
  ];
  return `${parts.join("; ")}.`;
}
