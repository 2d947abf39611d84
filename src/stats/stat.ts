// SPDX-License-Identifier: MIT

import { ScxError } from "../error.js";
import type { FieldValues, StatsDefinition } from "./define.js";
import {
  type KeyType,
  keyTypes,
  type Stat,
  type StatDatum,
  type StatKind,
  type StatType,
  type UserAttributes,
} from "./schema.js";

/** What may be said of a statistic besides its type. */
export interface StatOptions {
  desc?: string;
  /** `seconds`, `bytes`… */
  unit?: string;
  family?: Stat["family"];
  user?: UserAttributes;
}

declare const valueType: unique symbol;

/** A statistic without its name; `T` is what its values are in TypeScript. */
export interface Declared<T> extends Omit<Stat, "name"> {
  readonly [valueType]?: T;
}

const declare = <T>(
  kind: StatKind,
  type: StatType | undefined,
  { desc, unit, family, user }: StatOptions,
): Declared<T> => ({
  kind,
  ...(type !== undefined && { type }),
  ...(desc !== undefined && { desc }),
  ...(unit !== undefined && { unit }),
  ...(family && { family }),
  ...(user && { user }),
});

const withDesc = (about: string | StatOptions): StatOptions => (typeof about === "string" ? { desc: about } : about);

/** A count of events since the beginning, as bigint; only grows. */
export const counter = (about: string | StatOptions = {}): Declared<bigint> =>
  declare("counter", undefined, withDesc(about));

/** A level that is never negative, as bigint. */
export const u64 = (about: string | StatOptions = {}): Declared<bigint> => declare("gauge", "u64", withDesc(about));

/** A level, as bigint. */
export const i64 = (about: string | StatOptions = {}): Declared<bigint> => declare("gauge", "i64", withDesc(about));

/** A level with a fraction, as number. */
export const float = (about: string | StatOptions = {}): Declared<number> => declare("gauge", "float", withDesc(about));

/** A text. */
export const string = (about: string | StatOptions = {}): Declared<string> =>
  declare("gauge", "string", withDesc(about));

/** A group of statistics within another. */
export const group = <F>(of: StatsDefinition<F>, about: string | StatOptions = {}): Declared<FieldValues<F>> =>
  declare("gauge", { struct: of }, withDesc(about));

/** One value, or one group, of a list or a dictionary. */
const datumOf = (element: Declared<unknown>): StatDatum => {
  const { type = element.kind === "counter" ? "u64" : "i64" } = element;
  if (typeof type === "string" || "struct" in type) return type;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "declare",
    message: "scx_stats knows lists and dictionaries of values or of groups, not of lists or dictionaries.",
    remedy: "Make the inner one a field of a group: stat.group(defineStats(…)).",
  });
};

/** A list of values or groups. */
export const array = <T>(element: Declared<T>, about: string | StatOptions = {}): Declared<readonly T[]> =>
  declare(element.kind, { array: datumOf(element) }, withDesc(about));

interface Keys {
  u64: bigint;
  i64: bigint;
  string: string;
}

/** A dictionary of values or groups, by integer or text. */
export const dict = <K extends KeyType, T>(
  key: K,
  element: Declared<T>,
  about: string | StatOptions = {},
): Declared<ReadonlyMap<Keys[K], T>> => {
  if (!keyTypes.includes(key))
    throw new ScxError("ERR_SCX_USAGE", {
      op: "declare",
      message: `A dictionary can't be by ${JSON.stringify(key)}.`,
      remedy: `Take ${keyTypes.join(", ")}.`,
    });
  return declare(element.kind, { dict: datumOf(element), key }, withDesc(about));
};
