// SPDX-License-Identifier: MIT
import type { Sample, StatValue } from "../stats/schema.js";

/** How many rows go under one header. */
const rowsPerHeader = 20;

/** Rows of samples for people: aligned columns, a header every now and then. Totals, and what the interval added. */
export class Table {
  #names: string[] = [];
  #widths: number[] = [];
  #rows = 0;

  /** The lines of one sample: its row, under a header when one is due. */
  lines(sample: Sample): string[] {
    const names = ["TIME", "SCHEDULER", "STATE", ...Object.keys(sample.stats)];
    if (names.join("\0") !== this.#names.join("\0")) this.#begin(names);
    const time = new Date(Number(sample.at / 1_000_000n)).toTimeString().slice(0, 8);
    const cells = [time, sample.scheduler, sample.state, ...Object.values(sample.stats).map(cell)];
    // A column that has grown stays wide.
    cells.forEach((text, i) => {
      this.#widths[i] = Math.max(this.#widths[i] ?? 0, text.length);
    });
    const header = this.#rows++ % rowsPerHeader === 0 ? [this.#line(this.#names)] : [];
    return [...header, this.#line(cells)];
  }

  /** Other statistics follow, under a header of their own. */
  #begin(names: string[]): void {
    this.#names = names;
    this.#widths = names.map((name, i) => Math.max(name.length, [8, 0, 8][i] ?? 14));
    this.#rows = 0;
  }

  #line(cells: readonly string[]): string {
    const align = (text: string, i: number) =>
      i < 3 ? text.padEnd(this.#widths[i] ?? 0) : text.padStart(this.#widths[i] ?? 0);
    return cells.map(align).join("  ").trimEnd();
  }
}

function cell(value: StatValue): string {
  if ("total" in value) return `${value.total} (+${value.delta})`;
  if ("value" in value) return `${value.value}`;
  if ("buckets" in value) return `${value.count} (+${value.delta.count})`;
  return "…"; // what has parts is for --json and for tools that look closer
}
