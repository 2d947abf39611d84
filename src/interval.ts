// SPDX-License-Identifier: MIT
import { ScxError } from "./error.js";

/** What Node's timers can wait for, in ms: 25 days. */
export const longestWait = 2 ** 31 - 1;

/** @param op what is done each interval @throws ScxError ERR_SCX_USAGE for one that is none */
export function checkedInterval(op: string, intervalMs: number): number {
  if (intervalMs > 0 && intervalMs <= longestWait) return intervalMs;
  throw new ScxError("ERR_SCX_USAGE", {
    op,
    message: `${intervalMs} is no interval.`,
    remedy: `Give intervalMs in milliseconds, over 0 and at most ${longestWait}.`,
  });
}
