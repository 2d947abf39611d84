// SPDX-License-Identifier: MIT
import type { ExitRecord } from "../scheduler/exit.js";
import { exitCodeText } from "../scheduler/exit_code.js";

/** Seconds for people: `2.351 s`. */
const seconds = (ns: bigint) => `${(Number(ns / 1_000_000n) / 1000).toFixed(3)} s`;

/** Why a scheduler left, in two lines for people: what happened, and the circumstances. */
export function exitLines(exit: ExitRecord): [string, string] {
  const { kind, reason, message, code, cpu, at, uptime, kernel, ops } = exit;
  const circumstances = [
    `${ops} on Linux ${kernel}`,
    `at ${new Date(Number(at / 1_000_000n)).toISOString()}`,
    `after ${seconds(uptime)}`,
    ...(code === 0n ? [] : [`code ${exitCodeText(code)}`]),
    ...(cpu === undefined ? [] : [`CPU ${cpu}`]),
  ];
  return [`EXIT: ${reason || kind}${message ? ` (${message})` : ""}`, `  ${circumstances.join(", ")}`];
}

/** The whole record, for a file: the two lines, then the kernel's debug dump as it stands. */
export const exitDocument = (exit: ExitRecord): string =>
  `${exitLines(exit).join("\n")}\n${exit.dump === "" ? "\nThe kernel dumped nothing.\n" : `\n${exit.dump.trimEnd()}\n`}`;
