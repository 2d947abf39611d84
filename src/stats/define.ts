// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { familyRule, firstClash } from "./family.js";
import type { Stat, StatKind, StatsSchema, UserAttributes } from "./schema.js";
import type { Declared } from "./stat.js";

declare const valueType: unique symbol;

/** What each field's values are. */
export type FieldValues<F> = { readonly [K in keyof F]: F[K] extends Declared<infer T> ? T : never };

/** A declared group of statistics: a schema, with its fields' types. */
export interface StatsDefinition<F> extends StatsSchema {
  readonly [valueType]?: FieldValues<F>;
}

/** What values of a declared schema are: `ValuesOf<typeof simple>`. */
export type ValuesOf<D> = D extends StatsDefinition<infer F> ? FieldValues<F> : never;

/**
 * Declares statistics that come from user space: their names, types and meanings once, from which metadata, checks, help and
 * the TypeScript type of their values ({@link ValuesOf}) follow.
 *
 *     const domain = defineStats("domain", { load: stat.float("load of its CPUs"), tasks: stat.u64() });
 *     const balance = defineStats("balance", {
 *       moved: stat.counter("tasks moved"),
 *       domains: stat.dict("u64", stat.group(domain), "by number"),
 *     });
 *
 * @throws ScxError ERR_SCX_STATS_META for a field that is nothing of {@link stat}, or two whose metrics would hide each other
 */
export function defineStats<const F extends Record<string, Declared<unknown>>>(
  name: string,
  fields: F,
  about: { desc?: string; user?: UserAttributes; top?: boolean } = {},
): StatsDefinition<F> {
  checkGiven(
    "declare",
    "What there is to count",
    fields,
    [],
    "Give the statistics by name: { moved: stat.counter() }.",
  );
  const stats = Object.entries(fields).map(([field, declared]): Stat => ({ name: field, ...declared }));
  for (const one of stats)
    if (one.name === "" || !kinds.includes(one.kind))
      throw wrong(
        `${name}.${one.name} is no statistic`,
        "Give it a name, and what it is: stat.counter(…), stat.u64(…).",
      );
  const clash = firstClash(stats);
  if (clash) throw wrong(`${name}.${clash.stat.name} and ${clash.before.name} are ${clash.what}`, familyRule);
  return { name, ...about, stats };
}

const kinds: readonly StatKind[] = ["counter", "gauge", "histogram"];

const wrong = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_STATS_META", { op: "declare", message: `${message}.`, remedy });
