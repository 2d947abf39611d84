// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { ScxError } from "./error.js";

/** Why a file can't be read. @param what which one, as the message names it: `The config agent.yaml` */
export function unreadableFile(what: string, cause: unknown, op = "read"): ScxError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new ScxError(code === "ENOENT" ? "ERR_SCX_FILE_NOT_FOUND" : "ERR_SCX_FILE_UNREADABLE", {
    op,
    message: `${what} can't be read: ${message}.`,
    remedy: "Check the path and its rights.",
    cause,
  });
}

/** Refuses what is no path: a number would be taken for an open file, whatever that is. @throws ScxError ERR_SCX_USAGE */
export function checkPath(path: unknown): void {
  if (typeof path !== "string")
    throw new ScxError("ERR_SCX_USAGE", {
      op: "read",
      message: `${String(path)} is no path of a file.`,
      remedy: "Give it as a string.",
    });
}

/** A file that somebody named. @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE, ERR_SCX_USAGE */
export function readFile(what: string, path: string): Buffer {
  checkPath(path);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadableFile(what, cause);
  }
}
