// SPDX-License-Identifier: MIT
import type { StatValue } from "../stats/schema.js";
import { LineFile, LineStream, type RotationOptions, rotationSchema } from "./line_file.js";
import { LineSink } from "./line_sink.js";
import type { SinkFactory, SinkRecord } from "./sink.js";

/** Options of the sink `log`. */
export interface LogOptions extends RotationOptions {
  /** `-` is stderr. */
  file: string;
}

const file = { type: "string", minLength: 1, default: "-", description: "where to, - is stderr" };

/** Lines for people: a sample's values, or what happened. */
export const sink: SinkFactory<LogOptions> = {
  options: { properties: { file, ...rotationSchema } },
  address: "file",
  create: ({ file, ...rotation }) =>
    new LineSink(file === "-" ? new LineStream(process.stderr) : new LineFile("log", file, rotation), lineOf),
};

/** `2026-11-20T12:52:38.000Z simple stats enabled local=1167(+1167) busy=2`; control characters as blanks. */
export function lineOf(record: SinkRecord): string {
  const { at, scheduler, state } = record.type === "sample" ? record.sample : { ...record, state: record.severity };
  const time = new Date(Number(at / 1_000_000n)).toISOString();
  const what = record.type === "sample" ? record.group : record.name;
  const rest = record.type === "sample" ? pairs("", record.sample.stats) : [record.message];
  return [time, scheduler || "-", what, ...(state ? [state] : []), ...rest].join(" ").replace(/\p{Cc}/gu, " ");
}

function pairs(prefix: string, values: Readonly<Record<string, StatValue>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => pair(`${prefix}${name}`, value));
}

function pair(name: string, value: StatValue): string[] {
  if ("total" in value) return [`${name}=${value.total}(+${value.delta})`];
  if ("buckets" in value) return [`${name}=${value.count}(+${value.delta.count})`];
  if ("value" in value) return [`${name}=${typeof value.value === "string" ? quoted(value.value) : value.value}`];
  const parts =
    "items" in value ? Object.fromEntries(value.items.entries()) : "fields" in value ? value.fields : value.entries;
  return pairs(`${name}.`, parts);
}

const quoted = (text: string) => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
