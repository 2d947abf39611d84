// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/**
 * How counters are cleared in the kernel. `reset` moves a baseline there: exact, however many others reset too; for objects that
 * bring the program that does it (SCX_STATS). `zero` writes zeros over what was just read, for those who need the counters
 * themselves to begin anew: what is counted between the reading and the writing is lost (in mapped memory the two are one
 * step), and who else reads them has to know of it. A plain `n++` that was under way puts the old value back; that is seen by
 * reading again at once, and isn't counted twice. `make bench` measures what is left. Where memory isn't mapped, the kernel takes
 * whole values only: `zero` is refused where there is anything in them but counters, gauges too, which would go back to what it was.
 */
export type ClearMode = (typeof clearModes)[number];

/** All of them. */
export const clearModes = ["reset", "zero"] as const;

const refused = (message: string, remedy: string): ScxError =>
  new ScxError("ERR_SCX_USAGE", { op: "reset", message, remedy });

/** There is one reading of a source, for all who sample it. */
export const otherMode = (scheduler: string, mode: ClearMode): ScxError =>
  refused(
    `The statistics of ${scheduler} are cleared by mode ${mode} already.`,
    `Take mode ${mode} for all samplers of them that clear.`,
  );

/** What was read and not cleared would be counted again by the first clearing. */
export const readBefore = (scheduler: string): ScxError =>
  refused(
    `The statistics of ${scheduler} have been read already, so what was counted up to now can't be told from what a clearing finds.`,
    "Make the sampler that clears them before any other has read them.",
  );

/** What each CPU has goes back to zero with its counters. */
export const zeroedByCpu = (): ScxError =>
  refused("What each CPU has isn't kept when its counters are zeroed.", "Leave out by, or take mode reset or delta.");
