// SPDX-License-Identifier: MIT
import { hostname } from "node:os";
import type { Labels } from "./metric.js";
import { entry } from "./place.js";
import type { SinkRecord } from "./sink.js";

/** The same object for the same labels, as sinks keep by it what they derive. */
const withHosts = new WeakMap<Labels, Labels>();

/**
 * A record as it leaves this machine: with this one's name as the label `host`, unless its labels say of which it is. To be used by sinks that
 * send to where records of several machines come together. A file, and a page that is scraped, stay what they are: who collects these knows from where.
 */
export function withHost<R extends SinkRecord>(record: R): R {
  const { labels } = record;
  if (labels.host !== undefined) return record;
  return { ...record, labels: entry(withHosts, labels, () => ({ host: hostname(), ...labels })) };
}
