// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import type { CounterValue, Sample } from "../stats/schema.js";
import type { EventRecord, SinkRecord } from "./sink.js";

/** A sample as one line of JSON, without its newline: what `scxkit run --json` prints. Every number has all its digits. */
export const sampleJson = (sample: Sample): string => `{${membersOf(sample, sampleField)}}`;

/** An event likewise: `{"exit":{…}}`. */
export const eventJson = ({ name, fields }: Pick<EventRecord, "name" | "fields">): string =>
  stringify({ [name]: fields }) as string;

/**
 * A record as one JSON object, for every sink that sends documents: that of {@link sampleJson}, with `group` before the rest
 * unless it is `stats`, and `labels` behind it where there are any; or that of {@link eventJson}, with the event's `at`, `severity`, `message`,
 * `scheduler` and `labels`.
 */
export function documentOf(record: SinkRecord): string {
  if (record.type === "sample") {
    const labels = membersOf(record.labels, leafJson);
    const { group = "stats" } = record; // which a program in JavaScript may have left out
    const first = group === "stats" ? "" : `"group":${JSON.stringify(group)},`;
    return `{${first}${membersOf(record.sample, sampleField)}${labels === "" ? "" : `,"labels":{${labels}}`}}`;
  }
  const { name, fields, at, severity, message, scheduler } = record;
  const labels = Object.keys(record.labels).length === 0 ? undefined : record.labels;
  return stringify({ [name]: fields, at, severity, message, scheduler, labels }) as string;
}

const sampleField = (value: unknown, name: string): string | undefined =>
  name === "stats" && typeof value === "object" && value !== null ? `{${membersOf(value, statJson)}}` : leafJson(value);

/** Counters, of which a sample may have hundreds, aren't left to the library, which takes three times as long for them. */
const statJson = (value: unknown): string | undefined =>
  isCounter(value) ? `{"total":${value.total},"delta":${value.delta}}` : leafJson(value);

function isCounter(value: unknown): value is CounterValue {
  if (typeof value !== "object" || value === null) return false;
  const { total, delta } = value as Partial<CounterValue>;
  return typeof total === "bigint" && typeof delta === "bigint";
}

function leafJson(value: unknown): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "string" || typeof value === "number") return JSON.stringify(value);
  return stringify(value);
}

/** An object's members, without its braces; what has no text is left out. */
function membersOf(object: object, text: (value: unknown, name: string) => string | undefined): string {
  let members = "";
  for (const name of Object.keys(object)) {
    const one = text((object as Record<string, unknown>)[name], name);
    if (one !== undefined) members += (members === "" ? "" : ",") + headOf(name) + one;
  }
  return members;
}

/** Names in quotes, with their colon: the same few in each record. */
const heads = new Map<string, string>();

function headOf(name: string): string {
  let head = heads.get(name);
  if (head !== undefined) return head;
  if (heads.size >= 8192) heads.clear(); // somebody makes names up
  head = `${JSON.stringify(name)}:`;
  heads.set(name, head);
  return head;
}
