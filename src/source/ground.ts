// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { causeOf, ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { isArray, isCalledStats, isHash, namesOfLast } from "./find.js";
import { keptOfName } from "./full_name.js";
import type { HistogramPlan } from "./histogram.js";
import { type Leaf, leavesOf, mostWords } from "./leaf.js";
import { namesByEnum } from "./naming.js";
import type { StatsPlace } from "./plan.js";
import { valueParts } from "./reader.js";
import { type Rows, rowsOf, sectionsOf } from "./rows.js";
import { wrongMap } from "./stats_map.js";

type Path = Leaf["path"];

/** One integer of a ground, and what is said of it. */
export interface Word {
  readonly leaf: Leaf;
  /** From the map or the global on: `cpu_stats`, 0, `moved`, 2. */
  readonly path: Path;
  /** The same, with the names that an enum gives to indexes in their place. */
  readonly named: Path;
  stat?: Stat;
}

/** What one reader reads: a map, a section of global data as a whole, or the rows of one variable in it. */
export interface Ground {
  /** In which of the objects it is, and which of that one's maps. */
  readonly place: number;
  readonly index: number;
  readonly map: ObjectMap;
  readonly rows?: Rows;
  /** In the order in which they are read. */
  readonly words: Word[];
  readonly leaves: Leaf[];
  readonly histograms: HistogramPlan[];
}

/** Whether a path begins so. */
export const startsWith = (path: Path, start: Path): boolean => start.every((step, i) => path[i] === step);

/** The map of that name; of one that is known from the kernel alone, by what it has kept of the name, where that is one's only. */
function indexOf(maps: readonly ObjectMap[], name: string): number {
  const whole = maps.findIndex((map) => map.name === name);
  if (whole >= 0) return whole;
  const isCut = (map: ObjectMap) => !isOfFile(map) && map.name === name.slice(0, keptOfName);
  if (maps.filter(isCut).length > 1)
    throw wrongMap(
      `which map is ${name}, nobody can tell`,
      `The kernel keeps ${keptOfName} characters of a name: give maps of one type names that differ sooner.`,
    );
  return maps.findIndex(isCut);
}

/** Grounds by where they are. */
export type Grounds = Map<string, Ground>;

/**
 * The ground of a place, made at its first use: in the first object that has the place, else the first that has its name.
 * @throws ScxError ERR_SCX_STATS_MAP
 */
export function groundOf(places: readonly StatsPlace[], grounds: Grounds, path: Path, percpu?: boolean): Ground {
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
  const index = indexOf(maps, name);
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
