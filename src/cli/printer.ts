// SPDX-License-Identifier: MIT
import type { ExitRecord } from "../scheduler/exit.js";
import { eventJson, sampleJson } from "../sinks/document.js";
import { exitFields } from "../sinks/exit_event.js";
import type { Sample } from "../stats/schema.js";
import { exitLines } from "./exit_text.js";
import { Table } from "./table.js";

/** Who is told what happens in a run, in its order. */
export interface RunOutput {
  sample(sample: Sample): void;
  exit(exit: ExitRecord): void;
}

const print = (...lines: readonly string[]) => {
  for (const line of lines) process.stdout.write(`${line}\n`);
};

/** One JSON object a line: samples, and each scheduler's exit. */
const json: RunOutput = {
  sample: (sample) => print(sampleJson(sample)),
  exit: (exit) => print(eventJson({ name: "exit", fields: exitFields(exit) })),
};

function forPeople(): RunOutput {
  const table = new Table(process.stdout.columns);
  return { sample: (sample) => print(...table.lines(sample)), exit: (exit) => print(...exitLines(exit)) };
}

/** Prints a run. A scheduler's exit is known before its last sample has come, and printed after it. */
export class Printer {
  readonly #outputs: readonly RunOutput[];
  readonly #exits: { exit: ExitRecord; epoch: number }[] = [];

  /** @param also who is told as well */
  constructor(options: { json: boolean }, ...also: RunOutput[]) {
    this.#outputs = [options.json ? json : forPeople(), ...also];
  }

  sample(sample: Sample): void {
    this.#printExits(sample.epoch);
    for (const output of this.#outputs) output.sample(sample);
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
      for (const output of this.#outputs) output.exit(exit);
    }
  }
}
