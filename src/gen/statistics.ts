// SPDX-License-Identifier: MIT
import { isKeyed, type Stat, type StatsSchema } from "../stats/schema.js";
import { code, typeLiteral } from "./text.js";

/** Names of the library's types, by kind. */
const valueTypes = { counter: "CounterValue", gauge: "GaugeValue<bigint>", histogram: "HistogramValue" } as const;

const valueType = (stat: Stat): string =>
  isKeyed(stat) ? `DictionaryValue<${valueTypes[stat.kind]}>` : valueTypes[stat.kind];

/** What a sample's statistics are, by name; of an object that has none, whatever a statistics map will name. */
export const statsType = (schema: StatsSchema | undefined): string =>
  schema
    ? typeLiteral(schema.stats.map((stat) => ({ name: stat.name, type: valueType(stat), about: about(stat) })))
    : "StatValues";

/** The library's types that {@link statsType} is made of. */
export const statImports = (schema: StatsSchema | undefined): string[] =>
  schema ? [...new Set(schema.stats.flatMap((stat) => valueType(stat).match(/[A-Z]\w+/g) ?? []))] : ["StatValues"];

/** Kind, unit, meaning, and the family where it belongs to one. */
function about(stat: Stat): string {
  const { kind, desc, unit, family } = stat;
  const labels = Object.entries(family?.labels ?? {}).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  const parts = [
    `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${isKeyed(stat) ? " by key" : ""}${unit ? ` in ${unit}` : ""}${desc ? `: ${desc}` : ""}`,
    ...(family ? [code(`${family.name}{${labels.join(",")}}`)] : []),
  ];
  return `${parts.join("; ")}.`;
}
