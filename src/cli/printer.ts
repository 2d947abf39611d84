// SPDX-License-Identifier: MIT
import type { ExitRecord } from "../scheduler/exit.js";
import { LateExits } from "../scheduler/late_exits.js";
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
  readonly #exits = new LateExits((exit) => {
    for (const output of this.#outputs) output.exit(exit);
  });

  /** @param also who is told as well */
  constructor(options: { json: boolean }, ...also: RunOutput[]) {
    this.#outputs = [options.json ? json : forPeople(), ...also];
  }

  sample(sample: Sample): void {
    this.#exits.sample(sample, () => {
      for (const output of this.#outputs) output.sample(sample);
    });
  }

  exit(exit: ExitRecord, epoch: number): void {
    this.#exits.add(exit, epoch);
  }

  /** No sample comes any more. */
  end(): void {
    this.#exits.end();
  }
}
