// SPDX-License-Identifier: MIT
import { wallClock } from "../wall_clock.js";
import type { EventRecord, SinkRecord } from "./sink.js";

const name = "ended";

/** That no samples of these groups come any more, by another config: who keeps last samples forgets theirs. */
export const endedEvent = (groups: readonly string[], labels: EventRecord["labels"]): EventRecord => ({
  type: "event",
  name,
  at: wallClock(),
  scheduler: "",
  severity: "info",
  message: `no longer collected: ${groups.join(", ")}`,
  fields: { groups },
  labels,
});

/** Groups that end with this record. */
export function groupsEnded(record: SinkRecord): readonly string[] {
  if (record.type !== "event" || record.name !== name) return [];
  const { groups } = record.fields; // a program's own event may be called so, too
  return Array.isArray(groups) ? groups : [];
}
