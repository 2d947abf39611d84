// SPDX-License-Identifier: MIT
import { longestWait } from "../interval.js";
import type { OptionsSchema } from "./sink.js";

/** What the queue before a sink does. Every sink takes these beside its own options; {@link queueDefaults} has their values unless given. */
export interface QueueOptions {
  /** The groups whose samples it gets; all unless given, but `self` only for one that keeps metrics. Events always come. */
  groups?: readonly string[];
  /** Records that wait at most while the destination is slow or gone; then the oldest goes. */
  queue?: number;
  /** Records in one write at most; fewer of those with many values, so that a write has some 4000 of them. */
  batch?: number;
  /** ms that one write may take. */
  timeoutMs?: number;
  /** ms before the first retry; doubles with each further one, with jitter. */
  retryMs?: number;
  /** ms between retries at most. */
  retryMaxMs?: number;
  /** How often the same records are tried again before they are dropped. Without end unless given: the queue is bounded. */
  retries?: number;
}

/** What each option is unless given. As many samples of 256 counters as wait by default take some 5 MB. */
export const queueDefaults = {
  queue: 1000,
  batch: 500,
  timeoutMs: 10_000,
  retryMs: 500,
  retryMaxMs: 30_000,
  retries: Number.POSITIVE_INFINITY,
} as const satisfies QueueOptions;

const whole = (name: keyof typeof queueDefaults, minimum: number, description: string) => ({
  type: "integer",
  minimum,
  maximum: longestWait,
  description,
  ...(Number.isFinite(queueDefaults[name]) && { default: queueDefaults[name] }),
});

/** The properties of {@link QueueOptions} in a sink's options schema. */
export const queueSchema: OptionsSchema = {
  groups: { type: "array", items: { type: "string" }, description: "the groups whose samples it gets" },
  queue: whole("queue", 1, "records that wait at most while the destination is slow or gone; then the oldest goes"),
  batch: whole("batch", 1, "records in one write at most"),
  timeoutMs: whole("timeoutMs", 1, "ms that one write may take"),
  retryMs: whole("retryMs", 1, "ms before the first retry; doubles with each further one"),
  retryMaxMs: whole("retryMaxMs", 1, "ms between retries at most"),
  retries: whole(
    "retries",
    0,
    "how often the same records are tried again before they are dropped; without end unless given",
  ),
};

/** Parts a sink's checked options: those of its queue, and its own. */
export function partOptions(options: object): [queue: QueueOptions, own: object] {
  const entries = Object.entries(options);
  const part = (queues: boolean) =>
    Object.fromEntries(entries.filter(([name]) => Object.hasOwn(queueSchema, name) === queues));
  return [part(true), part(false)];
}
