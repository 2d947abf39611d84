// SPDX-License-Identifier: MIT
import type { MetaData, MetaField, MetaKind, MetaStruct, StatsMeta } from "./meta.js";

const kindText = (kind: MetaKind): string => (typeof kind === "string" ? kind : kind.struct);

/** `u64`, `[float]`, `{i64:domain}`: as upstream's server writes it. */
export function dataText(data: MetaData): string {
  if ("datum" in data) return kindText(data.datum);
  return "array" in data ? `[${kindText(data.array)}]` : `{${kindText(data.dict.key)}:${kindText(data.dict.datum)}}`;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);

/** The struct of that name and all that it leads to, each once, in the order in which they are met. */
function reachable(meta: StatsMeta, from: string, seen = new Map<string, MetaStruct>()): Map<string, MetaStruct> {
  const struct = meta.get(from);
  if (!struct || seen.has(from)) return seen;
  seen.set(from, struct);
  for (const [, field] of [...struct.fields].sort(byName)) {
    const kind = "datum" in field ? field.datum : "array" in field ? field.array : field.dict.datum;
    if (typeof kind === "object") reachable(meta, kind.struct, seen);
  }
  return seen;
}

/**
 * What statistics there are, in the format of upstream's `--help-stats` (scx_stats, describe_meta): each struct under its name
 * in brackets, a field a line.
 * @param from the struct to begin with, and no other than it leads to; all unless given, from the one marked as top on
 */
export function helpLines(meta: StatsMeta, from?: string): string[] {
  const top = [...meta.values()].find((struct) => struct.top)?.name ?? "";
  // Unlike there those too that the top doesn't lead to, after the others: they are what further targets answer with.
  const structs = [
    ...(from === undefined ? new Map([...reachable(meta, top), ...meta]) : reachable(meta, from)).values(),
  ];
  const fields = (struct: MetaStruct) => [...struct.fields].sort(byName);
  const longest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const all = structs.flatMap(fields);
  const [nameWidth, fieldWidth] = [longest(structs.map(({ name }) => name)), longest(all.map(([name]) => name))];
  const typeWidth = longest(all.map(([, field]) => `(${dataText(field)})`));
  const line = ([name, field]: [string, MetaField]) => {
    const text = `  ${name.padEnd(fieldWidth)} ${`(${dataText(field)})`.padEnd(typeWidth)}`;
    return field.desc === undefined ? text : `${text} : ${field.desc}`;
  };
  return structs.flatMap((struct, i) => [
    ...(i === 0 ? [] : [""]),
    `[${struct.name.padEnd(nameWidth)}]${struct.desc === undefined ? "" : ` ${struct.desc}`}`,
    ...fields(struct).map(line),
  ]);
}
