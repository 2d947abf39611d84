// SPDX-License-Identifier: MIT
import type { Sample } from "../stats/schema.js";
import { type Cell, cellsOf } from "./cell.js";
import { keyedLines } from "./keyed_lines.js";

/** How many rows go under one header. */
const rowsPerHeader = 20;

/** What every row begins with. */
const leading = 3;

/**
 * Rows of samples for people: aligned columns, a header every now and then. Totals, and what the interval added. What has keys
 * stands under its row; a row that is wider than the terminal becomes several, with names beside the values.
 */
export class Table {
  readonly #width: number | undefined;
  #names: string[] = [];
  #widths: number[] = [];
  #rows = 0;

  /** @param width columns of the terminal; undefined for a file, whose lines may be as long as they like */
  constructor(width?: number) {
    this.#width = width;
  }

  /** The lines of one sample: its row, under a header when one is due. */
  lines(sample: Sample): string[] {
    const { cells, keyed } = cellsOf(sample.stats);
    const names = ["TIME", "SCHEDULER", "STATE", ...cells.map(({ name }) => name)];
    if (names.join("\0") !== this.#names.join("\0")) this.#begin(names);
    const time = new Date(Number(sample.at / 1_000_000n)).toTimeString().slice(0, 8);
    const row = [time, sample.scheduler, sample.state, ...cells.map(({ text }) => text)];
    // A column that has grown stays wide.
    row.forEach((text, i) => {
      this.#widths[i] = Math.max(this.#widths[i] ?? 0, text.length);
    });
    const whole = this.#widths.reduce((sum, one) => sum + one + 2, -2);
    const own =
      this.#width !== undefined && whole > this.#width
        ? [this.#line(row.slice(0, leading)), ...pairLines(cells, this.#width)]
        : [...(this.#rows++ % rowsPerHeader === 0 ? [this.#line(this.#names)] : []), this.#line(row)];
    return [...own, ...keyedLines(keyed, this.#width)];
  }

  /** Other statistics follow, under a header of their own. */
  #begin(names: string[]): void {
    this.#names = names;
    this.#widths = names.map((name, i) => Math.max(name.length, [8, 0, 8][i] ?? 14));
    this.#rows = 0;
  }

  #line(cells: readonly string[]): string {
    const align = (text: string, i: number) =>
      i < leading ? text.padEnd(this.#widths[i] ?? 0) : text.padStart(this.#widths[i] ?? 0);
    return cells.map(align).join("  ").trimEnd();
  }
}

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
