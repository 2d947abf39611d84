// SPDX-License-Identifier: MIT
import { type ExitRecord, isError } from "../scheduler/exit.js";
import type { EventRecord } from "./sink.js";

/** What is said of a scheduler's exit in `scxkit run --json`. */
export const exitFields = ({ kind, number, code, reason, message }: ExitRecord): EventRecord["fields"] => ({
  kind,
  number,
  code,
  reason,
  message,
});

/** A scheduler's exit, as sinks are told of it. */
export const exitEvent = (exit: ExitRecord, labels: EventRecord["labels"] = {}): EventRecord => ({
  type: "event",
  name: "exit",
  at: exit.at,
  scheduler: exit.ops,
  severity: isError(exit) ? "error" : "info",
  message: [exit.reason || exit.kind, exit.message].filter((text) => text !== "").join(": "),
  fields: exitFields(exit),
  labels,
});
