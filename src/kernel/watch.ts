// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { native } from "../native/index.js";

const log = logger("scheduler");

/** How often to look, in ms, where uevents can't be had (in another network namespace). */
const withoutEventsMs = 50;

/** Schedulers come and go by an event each, and lost events are told; so a look every 5 s costs next to nothing. */
const safetyMs = 5000;

/**
 * Calls back whenever a scheduler comes or goes: at the kernel's uevents of sched_ext, and every now and then besides.
 * @param everyMs how often besides
 * @returns what ends it; idempotent
 */
export function watchSchedExt(look: () => void, everyMs = safetyMs): { close(): void } {
  let uevents: { close(): void } | undefined;
  try {
    uevents = new native.Uevents("/kernel/sched_ext", look);
  } catch (error) {
    if (everyMs > withoutEventsMs)
      log.warn(`no uevents, so looking every ${withoutEventsMs} ms: ${(error as Error).message}`);
  }
  const poll = setInterval(look, uevents ? everyMs : Math.min(everyMs, withoutEventsMs));
  return {
    close() {
      uevents?.close();
      clearInterval(poll);
    },
  };
}
