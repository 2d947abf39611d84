// SPDX-License-Identifier: MIT
import { documentOf } from "./document.js";
import { LineFile, LineStream, type RotationOptions, rotationSchema } from "./line_file.js";
import { LineSink } from "./line_sink.js";
import type { SinkFactory } from "./sink.js";

/** Options of the sink `jsonl`. */
export interface JsonlOptions extends RotationOptions {
  /** `-` is stdout. */
  file: string;
}

const file = { type: "string", minLength: 1, default: "-", description: "where to, - is stdout" };

/** JSON lines: what `scxkit run --json` prints ({@link documentOf}), into a file with rotation, or on stdout. */
export const sink: SinkFactory<JsonlOptions> = {
  options: { properties: { file, ...rotationSchema } },
  address: "file",
  create: ({ file, ...rotation }) =>
    new LineSink(file === "-" ? new LineStream(process.stdout) : new LineFile("jsonl", file, rotation), documentOf),
};
