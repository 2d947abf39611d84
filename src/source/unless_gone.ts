// SPDX-License-Identifier: MIT
import { constants } from "node:os";

/** A scheduler may leave while it is looked at: then some of its ids are nobody's. */
export function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as { errno?: number }).errno === constants.errno.ENOENT) return undefined;
    throw error;
  }
}
