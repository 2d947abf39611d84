// SPDX-License-Identifier: MIT
import { wallClock } from "../wall_clock.js";
import type { EventRecord, SinkRecord } from "./sink.js";

const name = "away";

/** That a scheduler that others run has gone, or doesn't answer, and is waited for: who keeps last samples forgets those of its statistics. */
export const awayEvent = (scheduler: string, labels: EventRecord["labels"]): EventRecord => ({
  type: "event",
  name,
  at: wallClock(),
  scheduler,
  severity: "warning",
  message: `${scheduler} is away, and waited for`,
  fields: { scheduler },
  labels,
});

/** The scheduler that is away from this record on. */
export const schedulerAway = (record: SinkRecord): string | undefined =>
  record.type === "event" && record.name === name ? record.scheduler : undefined;
