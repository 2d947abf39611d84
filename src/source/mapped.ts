// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { causeOf, ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";
import { familyRule, firstClash } from "../stats/family.js";
import { histogramBuckets, type Stat } from "../stats/schema.js";
import { isArray, isCalledStats, isHash, namesOfLast } from "./find.js";
import type { HistogramPlan } from "./histogram.js";
import { type Leaf, leavesOf, mostWords, placeText } from "./leaf.js";
import { indexLabels, kindOf, namesByEnum, statOfLeaf } from "./naming.js";
import type { ReaderPlan, StatsPlace } from "./plan.js";
import { arrayPlan, hashPlan, valueParts } from "./reader.js";
import { type Rows, rowsOf, sectionsOf } from "./rows.js";
import { firstBucket, type MappedStat, type StatsMap, stepsOf, wrongMap } from "./stats_map.js";

type Path = Leaf["path"];
type Said = StatsMap["stats"][string];

/** One integer of a ground, and what is said of it. */
interface Word {
  readonly leaf: Leaf;
  /** From the map or the global on: `cpu_stats`, 0, `moved`, 2. */
  readonly path: Path;
  /** The same, with the names that an enum gives to indexes in their place. */
  readonly named: Path;
  stat?: Stat;
}

/** What one reader reads: a map, a section of global data as a whole, or the rows of one variable in it. */
interface Ground {
  readonly place: number;
  readonly index: number;
  readonly map: ObjectMap;
  readonly rows?: Rows;
  /** In the order in which they are read. */
  readonly words: Word[];
  readonly leaves: Leaf[];
  readonly histograms: HistogramPlan[];
}

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

/** The kernel knows only so much of a map's name. */
const kernelName = (name: string): string => name.slice(0, 15);

/** Grounds by where they are. */
type Grounds = Map<string, Ground>;

/** The ground of a place, made at its first use: in the first object that has the place, else the first that has its name. */
function groundOf(places: readonly StatsPlace[], grounds: Grounds, path: Path, percpu?: boolean): Ground {
  const name = path[0] as string;
  const found = places.flatMap((place, i) => groundsIn(place, i, grounds, name, percpu));
  const ground = found.find(({ words }) => words.some((word) => startsWith(word.path, path))) ?? found[0];
  if (ground) return ground;
  const names = places.flatMap(({ btf, maps }) => [
    ...maps.map((one) => one.name).filter((one) => !one.includes(".")),
    ...sectionsOf(btf, maps).flatMap((section) => section.type.variables.map(({ type }) => btf.type(type).name)),
  ]);
  throw wrongMap(`the object has no map or global "${name}"`, `It has ${names.join(", ") || "none"}.`);
}

/** Those of a name in one object: a map, or a global. */
function groundsIn(
  { btf, maps }: StatsPlace,
  place: number,
  grounds: Grounds,
  name: string,
  percpu: boolean | undefined,
): Ground[] {
  const index = maps.findIndex((map) => map.name === name || (!isOfFile(map) && map.name === kernelName(name)));
  const map = maps[index];
  if (map && percpu !== undefined)
    throw wrongMap(`${name} is a map, and percpu is for global arrays`, "Leave percpu out: a map says so itself.");
  if (map) return [known(grounds, `${place} ${name}`, () => mapGround(btf, { place, index, map }, name))];
  return sectionsOf(btf, maps).flatMap((section) =>
    section.type.variables.flatMap(({ type, offset }) => {
      const variable = btf.type(type);
      if (variable.kind !== "var" || variable.name !== name) return [];
      const where = {
        place,
        index: section.map,
        map: { ...(maps[section.map] as ObjectMap), name: section.type.name },
      };
      return [globalGround(btf, grounds, where, { name, type: variable.type, offset }, percpu)];
    }),
  );
}

/** A map that is known from the kernel alone doesn't say whether libbpf makes it. */
const isOfFile = ({ autocreate }: ObjectMap): boolean => autocreate !== undefined;

function known(grounds: Grounds, key: string, make: () => Ground): Ground {
  const found = grounds.get(key) ?? make();
  grounds.set(key, found);
  return found;
}

type Where = Pick<Ground, "place" | "index" | "map">;

function mapGround(btf: Btf, where: Where, name: string): Ground {
  const { map } = where;
  if (!isArray(map) && !isHash(map))
    throw wrongMap(
      `map ${name} is of type ${map.typeName ?? map.type}, which keeps no values to be counted`,
      "Name an array or a hash.",
    );
  const leaves = namedLeaves(btf, map);
  const entries = isHash(map) ? 1 : map.maxEntries;
  if (entries * leaves.length > mostWords)
    throw wrongMap(`map ${name} has ${entries * leaves.length} integers`, `Name one with ${mostWords} at most.`);
  const names = entries > 1 && isCalledStats(name) ? namesByEnum(btf, entries, name) : undefined;
  const starts = Array.from({ length: entries }, (_, entry) => {
    const start = (step: string | number) => (entries > 1 ? [name, step] : [name]);
    return { path: start(entry), named: start(names?.[entry] ?? entry) };
  });
  return { ...where, words: wordsOf(btf, leaves, starts), leaves, histograms: [] };
}

/** The words of one value after the other. @param starts what leads to each, and how that is called */
function wordsOf(btf: Btf, leaves: readonly Leaf[], starts: readonly Pick<Word, "path" | "named">[]): Word[] {
  const words = starts.flatMap(({ path, named }) =>
    leaves.map((leaf) => ({ leaf, path: [...path, ...leaf.path], named: [...named, ...leaf.path] })),
  );
  const nameOf = namesOfLast(
    btf,
    words.map(({ path }) => path),
  );
  return words.map((word) => {
    const name = word.leaf.path.length > 0 ? nameOf(word.path) : undefined;
    return name === undefined ? word : { ...word, named: [...word.named.slice(0, -1), name] };
  });
}

/** What can't be read is a fault of who named it. */
function namedLeaves(btf: Btf, map: ObjectMap): Leaf[] {
  try {
    return valueParts(btf, map).leaves;
  } catch (error) {
    if (!(error instanceof ScxError)) throw error;
    throw wrongMap(causeOf(error).replace(/\.$/, ""), error.remedy);
  }
}

/** Plain globals of a section are read together; rows are a ground of their own. */
function globalGround(
  btf: Btf,
  grounds: Grounds,
  where: Where,
  variable: { name: string; type: number; offset: number },
  percpu: boolean | undefined,
): Ground {
  const { name, offset } = variable;
  const section = `${where.place} ${where.map.name}`;
  const rowsOfIt = grounds.get(`${section} ${name}`);
  const plain = grounds.get(section);
  const isPlain = plain?.words.some(({ path }) => path[0] === name) ?? false;
  if ((rowsOfIt && percpu === false) || (isPlain && percpu === true))
    throw wrongMap(`${name} can't be per CPU and not`, "Say percpu once, where the global is named first.");
  if (rowsOfIt) return rowsOfIt;
  const found = isPlain ? undefined : rowsOf(btf, variable, percpu);
  if (percpu && !found) throw wrongMap(`${name} is no array, so it has no row for each CPU`, "Leave percpu out.");
  if (found) {
    const leaves = leavesOf(btf, found.element);
    const words = wordsOf(btf, leaves, [{ path: [name], named: [name] }]);
    return known(grounds, `${section} ${name}`, () => ({ ...where, words, leaves, rows: found.rows, histograms: [] }));
  }
  const ground = known(grounds, section, () => ({ ...where, words: [], leaves: [], rows: "whole", histograms: [] }));
  if (!isPlain) {
    const leaves = leavesOf(btf, variable.type);
    ground.leaves.push(...leaves.map((leaf) => ({ ...leaf, offset: leaf.offset + offset })));
    ground.words.push(...wordsOf(btf, leaves, [{ path: [name], named: [name] }]));
  }
  return ground;
}

const startsWith = (path: Path, start: Path) => start.every((step, i) => path[i] === step);

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
  if (!isHash(map)) return arrayPlan({ index, map, leaves, stats, places, rows, histograms });
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
