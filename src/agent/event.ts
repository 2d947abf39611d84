// SPDX-License-Identifier: MIT
import type { EventRecord } from "../sinks/sink.js";
import { wallClock } from "../wall_clock.js";
import type { AnomalyEvent } from "./actuator.js";

/** An anomaly that begins or ends, as sinks are told of it. */
export const anomalyRecord = (event: AnomalyEvent, labels: EventRecord["labels"]): EventRecord => {
  const {
    detector,
    phase,
    metric,
    value,
    limit,
    why,
    severity = "warning",
    group,
    scheduler,
    at,
    unseen,
    gone,
  } = event;
  const ended = unseen ? "nobody looks any more" : gone ? "its scheduler has gone" : undefined;
  const now = phase === "begins" ? why : ended;
  return {
    type: "event",
    name: "anomaly",
    at,
    scheduler,
    severity: phase === "begins" ? severity : "info",
    message: `${detector}: ${metric}${now === undefined ? " is as it should be again" : `: ${now}`}`,
    fields: {
      detector,
      phase,
      group,
      metric,
      value,
      ...(limit !== undefined && { limit }),
      why,
      ...(unseen && { unseen }),
      ...(gone && { gone }),
    },
    labels,
  };
};

/** What an actuator did, as sinks are told of it. */
export const actionRecord = (
  actuator: string,
  what: string,
  error: string | undefined,
  { detector, metric, scheduler }: AnomalyEvent,
  labels: EventRecord["labels"],
): EventRecord => ({
  type: "event",
  name: "action",
  at: wallClock(),
  scheduler,
  severity: error === undefined ? "info" : "error",
  message: error === undefined ? `${actuator}: ${what}` : `${actuator}: ${what} failed: ${error}`,
  fields: { actuator, what, detector, metric, ...(error !== undefined && { error }) },
  labels,
});
