// SPDX-License-Identifier: MIT
import { setImmediate as othersTurn } from "node:timers/promises";
import type { SinkRecord } from "./sink.js";

/** Characters, or bytes, after which others have their turn: what makes them takes about a millisecond of the thread that samples. */
export const turnSize = 65_536;

/** What each record is as text or bytes. A batch may have thousands of values, which all at once would keep a tick from its time. */
export async function inTurns<T extends string | Buffer>(
  records: readonly SinkRecord[],
  make: (record: SinkRecord) => T,
): Promise<T[]> {
  const made: T[] = [];
  let size = 0;
  for (const record of records) {
    if (size >= turnSize) {
      size = 0;
      await othersTurn();
    }
    const one = make(record);
    made.push(one);
    size += one.length;
  }
  return made;
}
