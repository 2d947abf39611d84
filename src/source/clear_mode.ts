// SPDX-License-Identifier: MIT

/**
 * How counters are cleared in the kernel. `reset` moves a baseline there: exact, however many others reset too; for objects that
 * bring the program that does it (SCX_STATS). `zero` writes zeros over what was just read, for those who need the counters
 * themselves to begin anew: what is counted between the reading and the writing is lost (in mapped memory the two are one
 * step), and who else reads them has to know of it. A plain `n++` that was under way puts the old value back; that is seen by
 * reading again at once, and isn't counted twice. `make bench` measures what is left.
 */
export type ClearMode = (typeof clearModes)[number];

/** All of them. */
export const clearModes = ["reset", "zero"] as const;
