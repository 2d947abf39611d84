// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** Where something stands in a value: keys and indexes from its root. */
export type Path = readonly (string | number)[];

/** Something wrong with a config, and where. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Whether it is about the key rather than its value. */
  readonly key?: boolean;
}

/** A problem with its place in the file. Lines and columns count from 1. */
export interface PlacedProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The error of a config that can't be used; each problem is a line of its `log`: `agent.yaml:3:5: …`. */
export function configError(file: string, problems: readonly PlacedProblem[]): ScxError {
  const lines = problems
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message }) => `${file}:${line}:${column}: ${message.replace(/\.$/, "")}`);
  const more = lines.length > 1 ? ` (and ${lines.length - 1} more)` : "";
  return new ScxError("ERR_SCX_CONFIG", {
    op: "config",
    message: `${lines[0]}${more}.`,
    remedy: "Correct the file; scxkit agent --check lists all that is wrong, --print-schema prints what there may be.",
    log: lines,
  });
}
