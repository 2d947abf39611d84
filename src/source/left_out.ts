// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { mostWords, type Parts } from "./leaf.js";

const leftOut = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_STATS_META", { op: "read", message, remedy });

/** What of a map's or a global's statistics isn't read, for who wonders where it is. */
export function whatIsLeft(name: string, { leaves, left, isCut }: Parts): ScxError[] {
  return [
    ...(left.length > 0
      ? [
          leftOut(
            `Of ${name}, ${shown(left.map((path) => path.join(".")))} can't be counted: bitfields and unions are left out.`,
            "Count in integers of 8, 16, 32 or 64 bits of their own.",
          ),
        ]
      : []),
    ...(isCut
      ? [
          leftOut(
            `Of ${name}, only the first ${leaves.length} integers are counted.`,
            "Make its value smaller, or its statistics several maps.",
          ),
        ]
      : []),
  ];
}

const shown = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");

/** Of a whole array. */
export const tableLeft = (name: string, integers: number): ScxError =>
  leftOut(
    `Map ${name} has ${integers} integers, more than ${mostWords}, and is left out as a table.`,
    "Count in a smaller array, or in a hash.",
  );
