// SPDX-License-Identifier: MIT
import { familyRule, firstClash } from "../stats/family.js";
import { histogramBuckets, type Stat } from "../stats/schema.js";
import { isHash } from "./find.js";
import { type Ground, type Grounds, groundOf, startsWith, type Word } from "./ground.js";
import { hashPlan } from "./hash.js";
import { type Leaf, placeText } from "./leaf.js";
import { indexLabels, kindOf, statOfLeaf } from "./naming.js";
import type { ReaderPlan, StatsPlace } from "./plan.js";
import { arrayPlan } from "./reader.js";
import { firstBucket, type MappedStat, type StatsMap, stepsOf, wrongMap } from "./stats_map.js";

type Path = Leaf["path"];
type Said = StatsMap["stats"][string];

/**
 * Plans for what a statistics map names, and for nothing else. Of several places each name is looked for where there is one.
 * @throws ScxError ERR_SCX_STATS_MAP
 */
export function mappedPlans(
  places: readonly StatsPlace[],
  { stats }: StatsMap,
): (ReaderPlan & { readonly place: number })[] {
  const grounds: Grounds = new Map();
  for (const [text, said] of Object.entries(stats)) {
    const path = stepsOf(text);
    const ground = groundOf(places, grounds, path, said.percpu);
    if (said.kind !== "histogram") assign(ground, text, path, said);
    else {
      const sum = said.sum === undefined ? undefined : stepsOf(said.sum);
      if (sum && groundOf(places, grounds, sum) !== ground)
        throw wrongMap(`${text} and its sum ${said.sum} are not in one map or section`, "Leave the sum out.");
      assignHistograms(ground, text, path, said, sum);
    }
  }
  requireDistinct([...grounds.values()], Object.values(stats));
  return [...grounds.values()]
    .map((ground) => ({ ...planOf(places[ground.place] as StatsPlace, ground), place: ground.place }))
    .filter((plan) => plan.stats.length > 0);
}

/** What the map itself says of names and families must tell its statistics apart; for what follows from BTF we see to that. */
function requireDistinct(grounds: readonly Ground[], said: readonly Said[]): void {
  const all = grounds.flatMap(({ words, histograms }) => [
    ...words.flatMap(({ stat }) => stat ?? []),
    ...histograms.map(({ stat }) => stat),
  ]);
  const names = new Set(said.flatMap((one) => ("names" in one ? one.names : [one.name])));
  const taken = new Set<string>();
  for (const { name } of all) {
    if (names.has(name) && (name === "at" || taken.has(name)))
      throw wrongMap(
        `"${name}" is the name of ${name === "at" ? "each reading's time" : "two statistics"}`,
        "Give each statistic a name of its own.",
      );
    taken.add(name);
  }
  const families = new Set(said.flatMap((one) => ("family" in one ? one.family : undefined)));
  const clash = firstClash(all.filter(({ family }) => family && families.has(family.name)));
  if (clash) throw wrongMap(`${clash.before.name} and ${clash.stat.name} are ${clash.what}`, familyRule);
}

/** The integers that a place means. */
function wordsAt({ words }: Ground, text: string, path: Path): number[] {
  const meant = [...words.keys()].filter((word) => startsWith(words[word]?.path ?? [], path));
  if (meant.length > 0) return meant;
  const some = words.filter((word) => word.path[0] === path[0]).map((word) => placeText(word.path));
  throw wrongMap(
    `there is no ${text} that could be counted`,
    some.length > 0 ? `There is ${some.slice(0, 6).join(", ")}${some.length > 6 ? ", …" : ""}.` : "Name another place.",
  );
}

function assign(ground: Ground, text: string, path: Path, said: Said): void {
  const meant = wordsAt(ground, text, path);
  const names = "names" in said ? said.names : undefined;
  if (names && names.length !== meant.length)
    throw wrongMap(
      `${text} has ${meant.length} integers, and ${names.length} names are given`,
      "Name each of them, in their order.",
    );
  meant.forEach((at, i) => {
    const word = ground.words[at] as Word;
    const stat = describe(word, path, said as MappedStat, word.path.length);
    if (!names) word.stat = stat;
    // A name of its own tells it from the others: it needs no index.
    else {
      const { family, ...own } = stat;
      word.stat = { ...own, name: names[i] as string, ...("family" in said && family && { family }) };
    }
  });
}

/** @param length steps of the word's path, or of what all words of a histogram have in common */
function describe(
  { leaf, path, named }: Word,
  said: Path,
  { name, kind, desc, unit, family, labels }: MappedStat,
  length: number,
): Stat {
  const own = named.slice(0, length);
  const first = name === undefined ? 0 : said.length;
  const stat = statOfLeaf(
    { ...leaf, path: [...(name === undefined ? [] : [name]), ...own.slice(first)] },
    kind ?? kindOf({ ...leaf, path: own }),
  );
  const indexes = own.filter((_, i) => i >= first && typeof path[i] === "number");
  return {
    ...stat,
    ...(desc !== undefined && { desc }),
    ...(unit !== undefined && { unit }),
    ...(family !== undefined && { family: { name: family, labels: { ...indexLabels(indexes), ...labels } } }),
  };
}

/** Each innermost array of a place is one histogram. */
function assignHistograms(ground: Ground, text: string, path: Path, said: MappedStat, sumPath: Path | undefined): void {
  if (isHash(ground.map)) throw wrongMap(`${text} is in a hash, and a histogram`, "Histograms are made of arrays.");
  const arrays = new Map<string, number[]>();
  for (const at of wordsAt(ground, text, path)) {
    const own = ground.words[at]?.path ?? [];
    if (typeof own.at(-1) !== "number" || own.length <= path.length)
      throw wrongMap(`${text} is no array of buckets`, "A histogram's place is an array of integers.");
    const array = placeText(own.slice(0, -1));
    arrays.set(array, [...(arrays.get(array) ?? []), at]);
  }
  const sums = sumPath && wordsAt(ground, placeText(sumPath), sumPath);
  if (sums && sums.length !== arrays.size)
    throw wrongMap(
      `${text} has ${arrays.size} histograms, and its sum ${said.sum} ${sums.length} integers`,
      "Give each histogram its sum.",
    );
  const first = firstBucket(said.first) as number;
  [...arrays].forEach(([place, buckets], i) => {
    if (first + buckets.length > histogramBuckets)
      throw wrongMap(
        `${place} has ${buckets.length} buckets, the last of them past 2^64`,
        `There may be ${histogramBuckets - first}.`,
      );
    const word = ground.words[buckets[0] as number] as Word;
    const stat = describe(word, path, said, word.path.length - 1);
    ground.histograms.push({ stat, place, buckets, first, sum: sums?.[i] });
  });
}

function planOf({ btf }: StatsPlace, ground: Ground): ReaderPlan {
  const { index, map, leaves, words, rows, histograms } = ground;
  const places = words.map(({ path }) => placeText(path));
  const stats = words.map(({ stat }) => stat);
  if (!isHash(map)) return arrayPlan(btf, { index, map, leaves, stats, places, rows, histograms });
  const named = leaves.flatMap((leaf, i) =>
    stats[i] ? [{ leaf, stat: stats[i] as Stat, place: places[i] ?? "" }] : [],
  );
  return hashPlan(btf, {
    index,
    map,
    leaves: named.map(({ leaf }) => leaf),
    stats: named.map(({ stat }) => stat),
    places: named.map(({ place }) => place),
  });
}
