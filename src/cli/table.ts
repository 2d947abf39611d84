// SPDX-License-Identifier: MIT
import type { Sample, StatValues } from "../stats/schema.js";
import { type Cell, cellsOf, type Keyed } from "./cell.js";
import { keyedLines } from "./keyed_lines.js";

/** How many rows go under one header. */
const rowsPerHeader = 20;

/** What rows begin with, where the sample tells, and how wide that is at least. */
const leading = { TIME: 8, SCHEDULER: 0, STATE: 8 };

/** How wide a value's column is at least. */
const leastWidth = 14;

/** A sample, or what a socket tells: neither the scheduler's name nor its state. */
export type TableSample = Pick<Sample, "at" | "stats"> & Partial<Pick<Sample, "scheduler" | "state" | "by">>;

/**
 * Rows of samples for people: aligned columns, a header every now and then. Totals, and what the interval added. What has keys
 * stands under its row; a row that is wider than the terminal becomes several, with names beside the values.
 */
export class Table {
  readonly #width: number | undefined;
  #names: string[] = [];
  #widths: number[] = [];
  #rows = 0;
  /** How many of {@link leading} there are. */
  #leading = 0;

  /** @param width columns of the terminal; undefined for a file, whose lines may be as long as they like */
  constructor(width?: number) {
    this.#width = width;
  }

  /** The lines of one sample: its row, under a header when one is due. Columns for what it doesn't tell are left out. */
  lines(sample: TableSample): string[] {
    const { cells, keyed } = cellsOf(sample.stats);
    const time = new Date(Number(sample.at / 1_000_000n)).toTimeString().slice(0, 8);
    const told = { TIME: time, SCHEDULER: sample.scheduler ?? "", STATE: sample.state ?? "" };
    const lead = Object.entries(told).filter(([, text]) => text !== "");
    const names = [...lead.map(([name]) => name), ...cells.map(({ name }) => name)];
    if (names.join("\0") !== this.#names.join("\0")) this.#begin(names, lead.length);
    const row = [...lead.map(([, text]) => text), ...cells.map(({ text }) => text)];
    // A column that has grown stays wide.
    row.forEach((text, i) => {
      this.#widths[i] = Math.max(this.#widths[i] ?? 0, text.length);
    });
    const whole = this.#widths.reduce((sum, one) => sum + one + 2, -2);
    const own =
      this.#width !== undefined && whole > this.#width
        ? [this.#line(row.slice(0, lead.length)), ...pairLines(cells, this.#width)]
        : [...(this.#rows++ % rowsPerHeader === 0 ? [this.#line(this.#names)] : []), this.#line(row)];
    return [...own, ...keyedLines([...keyed, ...byDomain(sample)], this.#width)];
  }

  /** Other statistics follow, under a header of their own. */
  #begin(names: string[], leads: number): void {
    this.#names = names;
    this.#leading = leads;
    this.#widths = names.map((name, i) =>
      Math.max(name.length, i < leads ? leading[name as keyof typeof leading] : leastWidth),
    );
    this.#rows = 0;
  }

  #line(cells: readonly string[]): string {
    const align = (text: string, i: number) =>
      i < this.#leading ? text.padEnd(this.#widths[i] ?? 0) : text.padStart(this.#widths[i] ?? 0);
    return cells.map(align).join("  ").trimEnd();
  }
}

/** A row for each group of CPUs. */
const byDomain = ({ by = {} }: Pick<Sample, "by">): Keyed[] =>
  Object.entries(by).map(([name, groups]) => ({
    name,
    elements: new Map(Object.entries(groups).map(([group, fields]) => [group, { fields: fields as StatValues }])),
  }));

/** Names and values side by side, as many pairs a line as there is room for. */
function pairLines(cells: readonly Cell[], width: number): string[] {
  const longest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const [nameWidth, textWidth] = [longest(cells.map(({ name }) => name)), longest(cells.map(({ text }) => text))];
  const pairs = cells.map(({ name, text }) => `  ${name.padEnd(nameWidth)}  ${text.padStart(textWidth)}`);
  const each = Math.max(1, Math.floor(width / (nameWidth + textWidth + 4)));
  return Array.from({ length: Math.ceil(pairs.length / each) }, (_, i) =>
    pairs.slice(i * each, (i + 1) * each).join(""),
  );
}
