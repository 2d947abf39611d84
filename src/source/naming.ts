// SPDX-License-Identifier: MIT
import type { Btf, BtfType } from "../bpf/btf.js";
import type { Stat, StatKind } from "../stats/schema.js";
import type { Leaf } from "./leaf.js";

/** Enumerators that say how many there are, not what one is: `NR_STATS`, `STAT_MAX`, `__STAT_CNT`. */
const isSentinel = (name: string): boolean => /(^|_)(NR|NUM|MAX|CNT|COUNT|LAST|END)(_|$)/i.test(name);

/** What all names begin with, up to an underscore: `RUSTY_STAT_`. */
function commonPrefix(names: readonly string[]): string {
  const [first = "", ...rest] = names;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length--;
  return rest.length === 0 ? "" : first.slice(0, first.lastIndexOf("_", length - 1) + 1);
}

/**
 * Names for the entries of an array by the enum that indexes it, as upstream's schedulers have it: an enum of the object
 * whose values are 0 to n - 1, or end with a sentinel of value n. Prefix and sentinel are stripped.
 * @param of the name of what is indexed: of several enums that fit, the one that has most words in common with it
 * @returns undefined when no enum fits that is called after statistics, or has a sentinel and such words, or is the only one with a sentinel
 */
export function namesByEnum(btf: Btf, length: number, of: string): string[] | undefined {
  const wanted = new Set(wordsOf(of));
  const fitting = [...btf.ofKind("enum")].flatMap((type) => {
    const names = indexNames(type, length);
    if (!names) return [];
    const own = `${type.name}_${names.prefix}`;
    const isOfStats = /stat|count/i.test(own);
    if (!isOfStats && !names.counted) return []; // by its length alone any enum may fit: one of two values does often
    const common = new Set(wordsOf(own).filter((word) => wanted.has(word))).size;
    return [{ names: names.stripped, common, isOfStats }];
  });
  const nearest = Math.max(...fitting.map(({ common }) => common));
  const near = fitting.filter(({ common }) => common === nearest);
  const ofStats = near.filter(({ isOfStats }) => isOfStats);
  const [chosen, second] = ofStats.length > 0 ? ofStats : near;
  return second ? undefined : chosen?.names;
}

/** The words of a name that tell it from others. */
const wordsOf = (name: string): string[] =>
  name
    .toLowerCase()
    .split("_")
    .map((word) => word.replace(/s$/, ""))
    .filter((word) => !/^(|nr|scx|stat|cnt|count|counter|metric|idx|index|id|type|kind)$/.test(word));

function indexNames(
  { enumerators }: BtfType,
  length: number,
): { prefix: string; stripped: string[]; counted: boolean } | undefined {
  const values = enumerators.filter(({ name, value }) => !(Number(value) >= length && isSentinel(name)));
  const names: string[] = [];
  for (const { name, value } of values) names[Number(value)] ??= name;
  if (names.length !== length || names.includes(undefined as never) || Object.keys(names).length !== length)
    return undefined;
  const prefix = commonPrefix(enumerators.filter(({ name }) => !isSentinel(name)).map(({ name }) => name));
  const counted = enumerators.some(({ name, value }) => Number(value) === length && isSentinel(name));
  // What looks like a sentinel and is an index has no part in the prefix, and need not begin with it.
  const stripped = names.map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name).toLowerCase());
  return { prefix, counted, stripped };
}

/** Levels, though their type is unsigned: `nr_queued`, `nr_running`. */
const isCalledLevel = (name: string): boolean =>
  /(^|_)(queued|running|runnable|active|pending|waiting|sleeping|online|cpus?|depth|load|avg|cur|curr|current|weight|prio|flags)$/i.test(
    name,
  );

/** What is unsigned only grows, as far as anybody can tell. @param name of what the leaf is in, where it has none itself */
export function kindOf({ signed, state = false, path }: Leaf, name = ""): StatKind {
  const own = path.findLast((step) => typeof step === "string") ?? name;
  return signed || state || isCalledLevel(own) ? "gauge" : "counter";
}

/**
 * A leaf of a struct as a statistic: nested members are joined by underscores; the indexes of arrays become labels of one
 * family.
 * @param prefix put before the name, when the leaf has none of its own
 */
export function statOfLeaf(leaf: Leaf, kind: StatKind, prefix = ""): Stat {
  const words = leaf.path.filter((step) => typeof step === "string");
  const indexes = leaf.path.filter((step) => typeof step === "number");
  const base = [prefix, ...words].filter((word) => word !== "").join("_");
  if (indexes.length === 0) return { name: base, kind };
  return { name: [base, ...indexes].join("_"), kind, family: { name: base, labels: indexLabels(indexes) } };
}

/** Labels that tell the elements of an array apart, of whatever dimension. */
export const indexLabels = (indexes: readonly (string | number)[]): Record<string, string> =>
  Object.fromEntries(indexes.map((index, i) => [indexes.length === 1 ? "index" : `index${i}`, `${index}`]));
