// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { schedExt } from "./sched_ext.js";
import { watchSchedExt } from "./watch.js";

/** How long a scheduler may take to come or go, in ms: the watchdog's own work is done well within. */
const patienceMs = 5000;

/** How often to look, in ms, as not every change of state comes with a uevent. */
const pollMs = 50;

const isUnsettled = (state: string): boolean => state === "enabling" || state === "disabling";

/** Resolves at the next uevent of sched_ext, or after {@link pollMs}; with the abort too. */
function nextChange(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      watch.close();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const watch = watchSchedExt(done, pollMs);
    signal?.addEventListener("abort", done);
  });
}

/**
 * Waits while a scheduler is just coming or going. Resolves when sched_ext is enabled or disabled, after five seconds, or at
 * the abort; at once when nothing changes.
 */
export async function settled(
  signal?: AbortSignal,
  { state = schedExt.state, timeoutMs = patienceMs }: { state?: () => string; timeoutMs?: number } = {},
): Promise<void> {
  if (!isUnsettled(state())) return;
  const deadline = performance.now() + timeoutMs;
  do {
    await nextChange(signal);
  } while (isUnsettled(state()) && performance.now() < deadline && !signal?.aborted);
}

/**
 * Attaches as soon as the kernel takes it: EBUSY while no scheduler is enabled means that the last one, or the link of its
 * loader, is about to go. Gives up after five seconds, with that error.
 */
export async function whenSettled<T>(
  attach: () => Promise<T>,
  signal?: AbortSignal,
  { state = schedExt.state, timeoutMs = patienceMs }: { state?: () => string; timeoutMs?: number } = {},
): Promise<T> {
  // Not before it is needed: Node's performance.now() is a good part of what a process's first attach takes.
  let deadline: number | undefined;
  for (;;) {
    try {
      return await attach();
    } catch (error) {
      deadline ??= performance.now() + timeoutMs;
      const busy = (error as { errno?: number }).errno === constants.errno.EBUSY;
      if (!busy || state() === "enabled" || performance.now() >= deadline || signal?.aborted) throw error;
    }
    await nextChange(signal);
  }
}
