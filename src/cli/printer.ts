// SPDX-License-Identifier: MIT
import type { ExitRecord } from "../scheduler/exit.js";
import { eventJson, sampleJson } from "../sinks/document.js";
import { exitFields } from "../sinks/exit_event.js";
import type { Sample } from "../stats/schema.js";
import { exitLines } from "./exit_text.js";
import { Table } from "./table.js";

/** Lines for stdout of what happens in a run. */
interface Format {
  sample(sample: Sample): string[];
  exit(exit: ExitRecord): string[];
}

/** One JSON object a line: samples, and each scheduler's exit. */
const json: Format = {
  sample: (sample) => [sampleJson(sample)],
  exit: (exit) => [eventJson({ name: "exit", fields: exitFields(exit) })],
};

function forPeople(): Format {
  const table = new Table(process.stdout.columns);
  return { sample: (sample) => table.lines(sample), exit: exitLines };
}

/** Prints a run. A scheduler's exit is known before its last sample has come, and printed after it. */
export class Printer {
  readonly #format: Format;
  readonly #exits: { exit: ExitRecord; epoch: number }[] = [];

  constructor(options: { json: boolean }) {
    this.#format = options.json ? json : forPeople();
  }

  sample(sample: Sample): void {
    this.#printExits(sample.epoch);
    this.#print(this.#format.sample(sample));
    if (sample.state === "disabled") this.#printExits(sample.epoch + 1);
  }

  exit(exit: ExitRecord, epoch: number): void {
    this.#exits.push({ exit, epoch });
  }

  /** No sample comes any more. */
  end(): void {
    this.#printExits(Number.POSITIVE_INFINITY);
  }

  /** Those of the epochs before this one. */
  #printExits(epoch: number): void {
    while ((this.#exits[0]?.epoch ?? epoch) < epoch) {
      const { exit } = this.#exits.shift() as { exit: ExitRecord };
      this.#print(this.#format.exit(exit));
    }
  }

  #print(lines: readonly string[]): void {
    for (const line of lines) process.stdout.write(`${line}\n`);
  }
}
