// SPDX-License-Identifier: MIT
import { constants } from "node:os";

const { ENOENT, EPERM, EACCES } = constants.errno;

/** A scheduler may leave while it is looked at: then some of its ids are nobody's. */
export const unlessGone = <T>(look: () => T): T | undefined => unless([ENOENT], look);

/** The same of what may be kept from us by a security module, while the rest of its kind isn't. */
export const unlessOutOfReach = <T>(look: () => T): T | undefined => unless([ENOENT, EPERM, EACCES], look);

function unless<T>(errnos: readonly number[], look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (errnos.includes((error as { errno?: number }).errno ?? 0)) return undefined;
    throw error;
  }
}
