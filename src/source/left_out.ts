// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";
import { mostWords, type Parts } from "./leaf.js";

const leftOut = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_STATS_META", { op: "read", message, remedy });

const countIn = "Count in integers of 8, 16, 32 or 64 bits of their own.";

/** What of a map's or a global's statistics isn't read, for who wonders where it is. */
export function whatIsLeft(name: string, { leaves, left, isCut }: Parts): ScxError[] {
  return [
    ...(leaves.length + left.length === 0
      ? [leftOut(`${name} has no integers of at most 64 bits, so nothing of it can be counted.`, countIn)]
      : []),
    ...(left.length > 0
      ? [
          leftOut(
            `Of ${name}, ${shown(left.map((path) => path.join(".")))} can't be counted: bitfields and unions are left out.`,
            countIn,
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

/** Of a map that is called after statistics, and keeps no values of which a reading could be made. */
export const otherType = ({ name, type, typeName = `${type}` }: ObjectMap): ScxError =>
  leftOut(`Map ${name} is of type ${typeName}, which keeps no values to be counted.`, "Count in an array or a hash.");

/** Of a global, or a part of what is kept for each CPU, that is called after statistics. @param isMixed has others as well */
export const smallLeft = (name: string, isMixed = false): ScxError =>
  leftOut(
    `${name} has integers of less than 64 bits${isMixed ? " among others" : ""}, and is left out as no statistics.`,
    "Make all of them u64 or s64, or name those that count in a statistics map.",
  );
