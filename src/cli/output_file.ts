// SPDX-License-Identifier: MIT
import { closeSync, existsSync, constants as flags, ftruncateSync, unlinkSync } from "node:fs";
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { openToWrite, pipeTrouble, writeWhole } from "../write_file.js";

function writeFailure(flag: string, path: string, cause: unknown): ScxError {
  const { code, errno = 0 } = cause as NodeJS.ErrnoException;
  const why = pipeTrouble[code ?? ""] ?? (code && code in constants.errno ? code : String(cause));
  return new ScxError("ERR_SCX_FILE_WRITE", {
    op: "write",
    message: `${flag} ${path}: the file can't be written (${why}).`,
    remedy: "Name a file in a folder that exists and that you may write to.",
    errno: errno ? -errno : undefined,
    cause,
  });
}

/**
 * A file that is opened before there is anything to write to it, so that a wrong path is known before the kernel is
 * touched. What stands in it stays until the first write; without one, no empty file is left behind.
 */
export class OutputFile {
  readonly #flag: string;
  readonly #path: string;
  #fd: number | undefined;
  #empty: boolean;

  private constructor(flag: string, path: string, fd: number, created: boolean) {
    this.#flag = flag;
    this.#path = path;
    this.#fd = fd;
    this.#empty = created;
  }

  /** @throws ScxError ERR_SCX_FILE_WRITE */
  static open(flag: string, path: string): OutputFile {
    try {
      const created = !existsSync(path);
      // Append mode doesn't truncate.
      return new OutputFile(flag, path, openToWrite(path, flags.O_APPEND), created);
    } catch (cause) {
      throw writeFailure(flag, path, cause);
    }
  }

  /** Replaces what stands in it. @throws ScxError ERR_SCX_FILE_WRITE */
  write(text: string): void {
    if (this.#fd === undefined) return;
    try {
      try {
        ftruncateSync(this.#fd);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error; // a pipe or a terminal
      }
      writeWhole(this.#fd, Buffer.from(text));
      this.#empty = false;
    } catch (cause) {
      throw writeFailure(this.#flag, this.#path, cause);
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    try {
      if (this.#empty) unlinkSync(this.#path);
    } catch {
      // Somebody else was faster, or the folder lets us create only.
    }
  }
}
