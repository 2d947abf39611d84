// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { isLabelName, labelRule } from "../stats/family.js";
import { histogramBuckets, type StatKind } from "../stats/schema.js";
import type { Leaf } from "./leaf.js";

/** What is said of one statistic; whatever is left out follows from its place. */
export interface MappedStat {
  name?: string;
  /** A histogram's place is an array of integers, each of which counts the values of one size. */
  kind?: StatKind;
  desc?: string;
  unit?: string;
  family?: string;
  labels?: Record<string, string>;
  /** Of a histogram: the largest value that its first bucket counts, 2^k - 1; 1 unless given, as log2(value) makes it. */
  first?: number;
  /**
   * Of a histogram: the place of the sum of all its values, in the same map or section. Without it the sum is reckoned from the
   * middle of each bucket, an estimate.
   */
  sum?: string;
  /** Of a global array: whether it has a row for each CPU. */
  percpu?: boolean;
}

/**
 * Tells where the statistics of an object are that BTF can't tell: places, and what they mean. A place is a map or a global
 * variable, or a part of one: `stats`, `stats[1]`, `cpu_stats[0].moved[2]`, `nr_queued`. `names` names the entries of a
 * whole array, in their order.
 */
export interface StatsMap {
  /** Name of the whole; the scheduler's unless given. */
  name?: string;
  stats: Record<string, MappedStat | { names: string[]; kind?: Exclude<StatKind, "histogram">; percpu?: boolean }>;
}

/** A statistics map that is wrong. */
export const wrongMap = (message: string, remedy: string): ScxError =>
  new ScxError("ERR_SCX_STATS_MAP", { op: "map", message: `Statistics map: ${message}.`, remedy });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const common = ["name", "kind", "desc", "unit", "family", "labels", "names", "percpu"];
const ofHistogram = ["first", "sum"];

/** `cpu_stats[0].moved[2]` in its steps. */
export function stepsOf(place: string): Leaf["path"] {
  const steps = [...place.matchAll(/\.?([A-Za-z_$][\w$]*)|\[(\d+)\]/g)];
  if (place === "" || steps.map(([text]) => text).join("") !== place || place.startsWith("[") || place.startsWith("."))
    throw wrongMap(
      `"${place}" is no place`,
      "Write a map or a global, and members and elements of it: stats[1].moved.",
    );
  return steps.map(([, name, index]) => name ?? Number(index));
}

/** Checks what a file or a caller gave. @throws ScxError ERR_SCX_STATS_MAP that names what is wrong */
export function checkStatsMap(value: unknown): StatsMap {
  if (!isObject(value) || !isObject(value.stats))
    throw wrongMap(
      'it has no object "stats"',
      'Write {"stats": {"PLACE": {"name": …, "kind": "counter", "desc": …}}}.',
    );
  const extra = Object.keys(value).find((key) => key !== "name" && key !== "stats");
  if (extra !== undefined) throw wrongMap(`it has "${extra}"`, "It may have name and stats.");
  if (value.name !== undefined && (typeof value.name !== "string" || value.name === ""))
    throw wrongMap("its name is no text", "Give a text.");
  for (const [place, stat] of Object.entries(value.stats)) checkStat(place, stat);
  return value as unknown as StatsMap;
}

function checkStat(place: string, stat: unknown): void {
  stepsOf(place);
  if (!isObject(stat))
    throw wrongMap(`${place} is no object`, "Give its name, kind, desc, unit, family and labels, or {}.");
  const isHistogram = stat.kind === "histogram";
  const known = isHistogram ? [...common, ...ofHistogram] : common;
  const extra = Object.keys(stat).find((key) => !known.includes(key));
  if (extra !== undefined)
    throw wrongMap(
      `${place} has "${extra}"`,
      ofHistogram.includes(extra) ? "That is for those of kind histogram." : `It may have ${known.join(", ")}.`,
    );
  if (stat.kind !== undefined && stat.kind !== "counter" && stat.kind !== "gauge" && !isHistogram)
    throw wrongMap(`${place} is of kind ${JSON.stringify(stat.kind)}`, "Kinds are counter, gauge and histogram.");
  const text = ["name", "desc", "unit", "family", "sum"].find(
    (key) => stat[key] !== undefined && (typeof stat[key] !== "string" || stat[key] === ""),
  );
  if (text !== undefined) throw wrongMap(`${place}.${text} is no text`, "Give a text.");
  if (stat.sum !== undefined) stepsOf(stat.sum as string);
  if (stat.percpu !== undefined && typeof stat.percpu !== "boolean")
    throw wrongMap(`${place}.percpu is neither true nor false`, "Say whether the array has a row for each CPU.");
  if (stat.names !== undefined && !isNames(stat.names))
    throw wrongMap(`${place}.names is no list of texts`, 'Write "names": ["first", "second"].');
  if (isNames(stat.names) && stat.names.includes(""))
    throw wrongMap(`${place}.names has an empty one`, "Give each a text.");
  if (stat.names !== undefined && (isHistogram || stat.name !== undefined))
    throw wrongMap(
      `${place} has names, and ${isHistogram ? "is a histogram" : "a name"}`,
      "Give one name, or as many as there are integers.",
    );
  if (stat.labels !== undefined && !(isObject(stat.labels) && isNames(Object.values(stat.labels))))
    throw wrongMap(`${place}.labels are no texts`, 'Write "labels": {"type": "greedy"}.');
  const label = isObject(stat.labels) ? Object.keys(stat.labels).find((one) => !isLabelName(one)) : undefined;
  if (label !== undefined) throw wrongMap(`${place} has the label "${label}"`, `Call it otherwise: ${labelRule}.`);
  if (stat.labels !== undefined && stat.family === undefined)
    throw wrongMap(`${place} has labels and no family`, 'Write "family": "dispatched" beside them.');
  if (stat.first !== undefined && firstBucket(stat.first) === undefined)
    throw wrongMap(
      `${place}.first is ${JSON.stringify(stat.first)}`,
      "Give the largest value that the first bucket counts: 0, 1, 3, 7 and so on, up to 2^32 - 1.",
    );
}

const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** Which of our buckets the first one is, by its largest value 2^k - 1. */
export function firstBucket(largest: unknown = 1): number | undefined {
  const bucket = Array.from({ length: 33 }, (_, k) => 2 ** k - 1).indexOf(largest as number);
  return bucket < 0 || bucket >= histogramBuckets ? undefined : bucket;
}
