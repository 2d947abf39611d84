// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { ScxError } from "../error.js";

/** The text of a file that a flag names. Throws ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE. */
export function readText(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new ScxError(code === "ENOENT" ? "ERR_SCX_FILE_NOT_FOUND" : "ERR_SCX_FILE_UNREADABLE", {
      op: "read",
      message: `${flag} ${path} can't be read: ${message}.`,
      remedy: "Check the path and its rights.",
      cause,
    });
  }
}
