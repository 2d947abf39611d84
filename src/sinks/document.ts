// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import type { Sample } from "../stats/schema.js";
import type { EventRecord, SinkRecord } from "./sink.js";

/** A sample as one line of JSON, without its newline: what `scxkit run --json` prints. Every number has all its digits. */
export const sampleJson = (sample: Sample): string => stringify(sample) as string;

/** An event likewise: `{"exit":{…}}`. */
export const eventJson = ({ name, fields }: Pick<EventRecord, "name" | "fields">): string =>
  stringify({ [name]: fields }) as string;

/**
 * A record as one JSON object, for every sink that sends documents: that of {@link sampleJson}, with `group` before the rest
 * unless it is `stats`, and `labels` behind it where there are any; or that of {@link eventJson}, with the event's `at`, `severity`, `message`,
 * `scheduler` and `labels`.
 */
export function documentOf(record: SinkRecord): string {
  const labels = Object.keys(record.labels).length === 0 ? undefined : record.labels;
  if (record.type === "sample") {
    const group = record.group === "stats" ? undefined : record.group;
    return stringify({ group, ...record.sample, labels }) as string;
  }
  const { name, fields, at, severity, message, scheduler } = record;
  return stringify({ [name]: fields, at, severity, message, scheduler, labels }) as string;
}
