// SPDX-License-Identifier: MIT
import type { StatValue } from "../stats/schema.js";
import { cellsOf, type Keyed } from "./cell.js";

/** More keys than a screen has lines are for --json. */
const mostKeys = 32;

/** Columns of a line that lists keys and values, where the terminal doesn't say. */
const usualWidth = 120;

/**
 * What has keys, for people, under the row that it belongs to. Values by key on one line where that is all there is, else a
 * row for each key; statistics with the same keys share these.
 */
export function keyedLines(keyed: readonly Keyed[], width = usualWidth, indent = "  "): string[] {
  return sharing(keyed).flatMap((group) => {
    const [first] = group;
    if (!first || first.elements.size === 0) return group.map(({ name }) => `${indent}${name}  none`);
    const isPlain = group.length === 1 && [...first.elements.values()].every(isOneValue);
    return isPlain ? listed(first, width, indent) : tabled(group, width, indent);
  });
}

const isOneValue = (value: StatValue): boolean => !("items" in value || "entries" in value || "fields" in value);

/** Those with the same keys together, in the order of the first of each. */
function sharing(keyed: readonly Keyed[]): Keyed[][] {
  const groups = new Map<string, Keyed[]>();
  for (const one of keyed) {
    const keys = one.elements.size === 0 ? one.name : JSON.stringify([...one.elements.keys()]);
    groups.set(keys, [...(groups.get(keys) ?? []), one]);
  }
  return [...groups.values()];
}

/** `pid_stats  10=5 (+2)  20=4 (+0)`, further lines under the first value. */
function listed({ name, elements }: Keyed, width: number, indent: string): string[] {
  const { cells } = cellsOf(Object.fromEntries([...elements].slice(0, mostKeys)));
  const lines: string[] = [];
  let line = `${indent}${name}`;
  for (const text of [...cells.map((one) => `${one.name}=${one.text}`), ...omitted(elements.size)]) {
    if (line.trim() !== "" && line !== `${indent}${name}` && line.length + 2 + text.length > width) {
      lines.push(line);
      line = " ".repeat(indent.length + name.length);
    }
    line += `  ${text}`;
  }
  return [...lines, line];
}

const omitted = (keys: number): string[] => (keys > mostKeys ? [`and ${keys - mostKeys} more`] : []);

/** A row for each key, with what has keys in turn under it. */
function tabled(group: readonly Keyed[], width: number, indent: string): string[] {
  const [first] = group;
  const keys = [...(first?.elements.keys() ?? [])];
  const rows = keys.slice(0, mostKeys).map((key) => {
    const values = group.map(({ name, elements }) => [name, elements.get(key) as StatValue] as const);
    // Of one dictionary of groups the fields are the columns; of several each has its name before them.
    const [[, only]] = values as [readonly [string, StatValue]];
    return { key, ...cellsOf(group.length === 1 && "fields" in only ? only.fields : Object.fromEntries(values)) };
  });
  const columns = [...new Set(rows.flatMap(({ cells }) => cells.map(({ name }) => name)))];
  const texts = rows.map(({ key, cells }) => {
    const byName = new Map(cells.map(({ name, text }) => [name, text]));
    return [key, ...columns.map((column) => byName.get(column) ?? "")];
  });
  const head = [group.length === 1 ? (first?.name ?? "") : "", ...columns];
  const widths = head.map((name, i) => Math.max(name.length, ...texts.map((row) => row[i]?.length ?? 0)));
  const lineOf = (row: readonly string[]) =>
    `${indent}${row.map((text, i) => (i === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ")}`.trimEnd();
  return [
    lineOf(head),
    ...rows.flatMap(({ keyed }, i) => [lineOf(texts[i] ?? []), ...keyedLines(keyed, width, `${indent}  `)]),
    ...omitted(keys.length).map((text) => `${indent}${text}`),
  ];
}
