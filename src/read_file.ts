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

/** A file that somebody named. @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE */
export function readFile(what: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadableFile(what, cause);
  }
}
