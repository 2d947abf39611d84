// SPDX-License-Identifier: MIT
import { constants, openSync, writeSync } from "node:fs";

/** How long a pipe's reader may take nothing, in ms: all else waits for it meanwhile. */
const patienceMs = 2000;

/** What some codes of {@link openToWrite} and {@link writeWhole} mean of a pipe. */
export const pipeTrouble: Readonly<Record<string, string>> = {
  ENXIO: "nobody reads from it",
  EAGAIN: `its reader took nothing for ${patienceMs / 1000} s`,
  EPIPE: "its reader has left",
};

/** Opens a file, a device or a pipe, which is not waited for: to open one that nobody reads fails with ENXIO. */
export const openToWrite = (path: string, flags: number): number =>
  openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK | flags, 0o666);

/** Writes all of it, into a pipe as fast as it is read; EAGAIN where that is not at all. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  let until = performance.now() + patienceMs;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at);
      until = performance.now() + patienceMs;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
