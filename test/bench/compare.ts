// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** One measurement of ours against a peer's, in alternating rounds. Values in ns. */
export interface Comparison {
  readonly what: string;
  readonly where: string;
  readonly unit: "µs" | "ms";
  /** What the ratio is to stay under. */
  readonly limit: number;
  readonly ours: number[];
  readonly peers: number[];
}

/** Runs a C peer of test/bench and returns what it prints. */
export const peer = (name: string, ...args: string[]): string =>
  execFileSync(fileURLToPath(new URL(`../../build/bench/${name}`, import.meta.url)), args, { encoding: "utf8" });

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The median of the rounds' own ratios: a slow minute hits both sides of a round. */
export const ratio = ({ ours, peers }: Comparison): number =>
  median(ours.map((value, i) => value / (peers[i] ?? Number.NaN)));

/** A row of the table of results. */
export function row(comparison: Comparison): string {
  const { what, where, unit, limit, ours, peers } = comparison;
  const scale = unit === "µs" ? 1e3 : 1e6;
  const shown = (value: number) => `${(value / scale).toFixed(2)} ${unit}`;
  return `| ${what} | ${where} | ${shown(median(ours))} | ${shown(median(peers))} | **${ratio(comparison).toPrecision(3)}x** | ${limit}x | ${ours.length} |`;
}
