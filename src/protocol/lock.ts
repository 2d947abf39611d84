// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { native } from "../native/index.js";

/** ms between two attempts; what is done under the lock takes about one. */
const retryMs = 5;

/**
 * Does something while no other process that asks for the same path does: by a lock file beside it, `.NAME.lock`, which
 * only its owner may open and which is gone afterwards. One that a killed process left behind does no harm.
 *
 * @param onTimeout gives the error when another has held it that long; what goes wrong with the file is thrown as it is
 */
export async function withLock<T>(
  path: string,
  timeoutMs: number,
  onTimeout: () => Error,
  act: () => Promise<T>,
): Promise<T> {
  const file = join(dirname(path), `.${basename(path)}.lock`);
  const end = performance.now() + timeoutMs;
  for (;;) {
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      while (!native.tryLock(fd)) {
        if (performance.now() > end) throw onTimeout();
        await delay(retryMs);
      }
      // Whoever held it before us has removed it: then the lock is another file's by now.
      if (lstatSync(file, { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino) continue;
      try {
        return await act();
      } finally {
        rmSync(file, { force: true });
      }
    } finally {
      closeSync(fd);
    }
  }
}
