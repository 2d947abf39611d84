// SPDX-License-Identifier: MIT
import type { ExitRecord } from "./exit.js";

/** How many are kept; a record's dump is 32 KB unless ops.exit_dump_len asks for more. */
const kept = 16;

const records: ExitRecord[] = [];

/** Takes a record into the process's history; the oldest makes room. */
export function rememberExit(record: ExitRecord): void {
  records.push(record);
  if (records.length > kept) records.shift();
}

/**
 * Why schedulers that this process attached left the kernel: the last 16 exits, oldest first, whoever else was told of
 * them. A copy: later exits don't change it.
 */
export const recentExits = (): readonly ExitRecord[] => [...records];
