// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";

/** What the ratio of ours to the peer's is to keep to; `lessBy`: ours is to go that many times into the peer's. */
export type Limit = { readonly atMost: number } | { readonly atLeast: number } | { readonly lessBy: number };

/** A row of the table of results: one measurement of ours, mostly against a peer's in alternating rounds. */
export interface Comparison {
  readonly what: string;
  readonly where: string;
  /** Of all values: "µs", "MB", "requests/s". */
  readonly unit: string;
  /** Of the ratio; where there is no peer, of our own value. Absent for what is only to be known. */
  readonly limit?: Limit;
  /** A value a round. */
  readonly ours: number[];
  readonly peer?: { readonly name: string; readonly values: number[] };
}

/** How something grows, without a limit: a table of its own. */
export interface Growth {
  readonly what: string;
  /** The head of each column; the first stands over the rows' names. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Results {
  readonly comparisons: readonly Comparison[];
  readonly growth?: readonly Growth[];
}

/** On this machine; in the kernel VM; in one with 2 CPUs of 128 possible ones. */
export type Place = "here" | "vm" | "vm128";

/** A group's only export. */
export type Bench = (where: Place) => Promise<Results>;

/** Where a bench runs, for {@link Comparison.where}. The rest of a release says who built it. */
export const place = (machine: string): string => `${machine}, Linux ${release().split(".", 2).join(".")}`;

/** Path of a C program of test/bench; throws where it isn't built. */
export function program(name: string): string {
  const path = fileURLToPath(new URL(`../../build/bench/${name}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`build/bench/${name} isn't built: run make build/bench/${name}`);
  return path;
}

/** Runs a C peer of test/bench and returns what it prints. */
export const peer = (name: string, ...args: string[]): string =>
  execFileSync(program(name), args, { encoding: "utf8" });

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** What the limit is of: the median of the rounds' own ratios, as a slow minute hits both sides of a round. */
function judged({ ours, peer, limit }: Comparison): number {
  if (!peer) return median(ours);
  const ratios = ours.map((value, i) => value / (peer.values[i] ?? Number.NaN));
  return median(limit && "lessBy" in limit ? ratios.map((one) => 1 / one) : ratios);
}

/** Whether it keeps to its limit. */
export function isWithin(comparison: Comparison): boolean {
  const { limit } = comparison;
  if (!limit) return true;
  const value = judged(comparison);
  if ("atMost" in limit) return value <= limit.atMost;
  return value >= ("lessBy" in limit ? limit.lessBy : limit.atLeast);
}

/** Three digits, or all there are before the point. */
export const figure = (value: number): string =>
  Math.abs(value) >= 100
    ? value.toLocaleString("en", { maximumFractionDigits: 0 })
    : String(Number(value.toPrecision(3)));

export const head =
  "| what | where | scxkit | peer | ratio | limit | rounds |\n| --- | --- | --- | --- | --- | --- | --- |";

const bound = (limit: Limit): string =>
  "atMost" in limit
    ? `at most ${figure(limit.atMost)}`
    : `at least ${figure("lessBy" in limit ? limit.lessBy : limit.atLeast)}`;

export function row(comparison: Comparison): string {
  const { what, where, unit, limit, ours, peer } = comparison;
  const mine = `${figure(median(ours))} ${unit}`;
  const theirs = peer ? `${peer.name}: ${figure(median(peer.values))} ${unit}` : "";
  const less = limit && "lessBy" in limit ? " less" : "";
  const ratio = peer ? `**${figure(judged(comparison))}x**${less}` : "";
  const bounds = limit ? `${bound(limit)}${peer ? `x${less}` : ` ${unit}`}` : "";
  return `| ${[what, where, peer ? mine : `**${mine}**`, theirs, ratio, bounds, ours.length].join(" | ")} |`;
}

/** A table of how something grows. */
export const growthTable = ({ what, columns, rows }: Growth): string =>
  [`${what}:\n`, columns, columns.map(() => "---"), ...rows]
    .map((cells) => (typeof cells === "string" ? cells : `| ${cells.join(" | ")} |`))
    .join("\n");
