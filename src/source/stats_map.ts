// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { cpuIds } from "../kernel/cpus.js";
import type { Stat, StatKind } from "../stats/schema.js";
import type { StatsPlace } from "./find.js";
import { type Leaf, leavesOf, mostWords } from "./leaf.js";
import { statOfLeaf } from "./naming.js";
import { arrayReader, hashReader, type Reader } from "./reader.js";

/** What is said of one statistic; whatever is left out follows from its place. */
export interface MappedStat {
  name?: string;
  kind?: Exclude<StatKind, "histogram">;
  desc?: string;
  unit?: string;
  family?: string;
  labels?: Record<string, string>;
}

/**
 * Tells where the statistics of an object are that BTF can't tell: places, and what they mean. A place is a map or a global
 * variable, or a part of one: `stats`, `stats[1]`, `cpu_stats[0].moved[2]`, `nr_queued`. `names` names the entries of a
 * whole array, in their order.
 */
export interface StatsMap {
  /** Name of the whole; the scheduler's unless given. */
  name?: string;
  stats: Record<string, MappedStat | { names: string[]; kind?: Exclude<StatKind, "histogram"> }>;
}

const wrong = (message: string, remedy: string) =>
  new ScxError("ERR_SCX_STATS_MAP", { op: "map", message: `Statistics map: ${message}.`, remedy });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const known = new Set(["name", "kind", "desc", "unit", "family", "labels", "names"]);

/** Checks what a file or a caller gave. @throws ScxError ERR_SCX_STATS_MAP that names what is wrong */
export function checkStatsMap(value: unknown): StatsMap {
  if (!isObject(value) || !isObject(value.stats))
    throw wrong('it has no object "stats"', 'Write {"stats": {"PLACE": {"name": …, "kind": "counter", "desc": …}}}.');
  if (value.name !== undefined && typeof value.name !== "string") throw wrong("its name is no string", "Give a text.");
  for (const [place, stat] of Object.entries(value.stats)) {
    if (!isObject(stat))
      throw wrong(`${place} is no object`, "Give its name, kind, desc, unit, family and labels, or {}.");
    const extra = Object.keys(stat).find((key) => !known.has(key));
    if (extra !== undefined) throw wrong(`${place} has "${extra}"`, `It may have ${[...known].join(", ")}.`);
    if (stat.kind !== undefined && stat.kind !== "counter" && stat.kind !== "gauge")
      throw wrong(`${place} is of kind ${JSON.stringify(stat.kind)}`, "Kinds are counter and gauge.");
    const texts = ["name", "desc", "unit", "family"].find(
      (key) => stat[key] !== undefined && typeof stat[key] !== "string",
    );
    if (texts !== undefined) throw wrong(`${place}.${texts} is no string`, "Give a text.");
    if (
      stat.names !== undefined &&
      !(Array.isArray(stat.names) && stat.names.every((name) => typeof name === "string"))
    )
      throw wrong(`${place}.names is no list of texts`, 'Write "names": ["first", "second"].');
    if (
      stat.labels !== undefined &&
      !(isObject(stat.labels) && Object.values(stat.labels).every((label) => typeof label === "string"))
    )
      throw wrong(`${place}.labels are no texts`, 'Write "labels": {"type": "greedy"}.');
  }
  return value as unknown as StatsMap;
}

/** `cpu_stats[0].moved[2]` in its steps. */
function stepsOf(place: string): (string | number)[] {
  const steps = [...place.matchAll(/\.?([A-Za-z_$][\w$]*)|\[(\d+)\]/g)];
  if (place === "" || steps.map(([text]) => text).join("") !== place || place.startsWith("[") || place.startsWith("."))
    throw wrong(`"${place}" is no place`, "Write a map or a global, and members and elements of it: stats[1].moved.");
  return steps.map(([, name, index]) => name ?? Number(index));
}

/** Where a map or a global lies, and the integers in it: its path begins with the entry's number, where there are several. */
interface Ground {
  readonly map: number;
  /** Of one entry. */
  readonly leaves: readonly Leaf[];
  readonly entries: number;
  readonly keyType?: number;
  readonly rows?: { offset: number; stride: number; count: number };
}

const startsWith = (path: readonly (string | number)[], start: readonly (string | number)[]) =>
  start.every((step, i) => path[i] === step);

/** Readers of what a statistics map names, and of nothing else. @throws ScxError ERR_SCX_STATS_MAP */
export function mappedReaders(place: StatsPlace, { stats }: StatsMap): Reader[] {
  const grounds = new Map<string, { ground: Ground; words: (Stat | undefined)[] }>();
  for (const [text, said] of Object.entries(stats)) {
    const [name, ...rest] = stepsOf(text);
    const found = grounds.get(name as string) ?? { ground: groundOf(place, name as string), words: [] };
    grounds.set(name as string, found);
    assign(found, text, name as string, rest, said);
  }
  return [...grounds.values()].map(({ ground, words }) => readerOf(place, ground, words));
}

function assign(
  { ground, words }: { ground: Ground; words: (Stat | undefined)[] },
  text: string,
  name: string,
  rest: readonly (string | number)[],
  said: StatsMap["stats"][string],
): void {
  const places = Array.from({ length: ground.entries }, (_, entry) =>
    ground.leaves.map((leaf, i) => ({
      leaf,
      word: entry * ground.leaves.length + i,
      path: ground.entries > 1 ? [entry, ...leaf.path] : leaf.path,
    })),
  ).flat();
  const meant = places.filter(({ path }) => startsWith(path, rest));
  if (meant.length === 0) {
    const some = [...new Set(places.map(({ path }) => pathText(name, path)))].slice(0, 6).join(", ");
    throw wrong(
      `there is no ${text} that could be counted`,
      some ? `There is ${some}${places.length > 6 ? ", …" : ""}.` : "Name another place.",
    );
  }
  if ("names" in said && said.names && said.names.length !== meant.length)
    throw wrong(
      `${text} has ${meant.length} integers, and ${said.names.length} names are given`,
      "Name each of them, in their order.",
    );
  meant.forEach(({ leaf, word, path }, i) => {
    const kind = said.kind ?? (leaf.signed ? "gauge" : "counter");
    const names = "names" in said ? said.names : undefined;
    const { desc, unit, family, labels, name: given } = said as MappedStat;
    const called = given === undefined ? [name, ...path] : [given, ...path.slice(rest.length)];
    const own = statOfLeaf({ ...leaf, path: called }, kind);
    words[word] = {
      ...own,
      ...(names && { name: names[i] as string }),
      ...(desc !== undefined && { desc }),
      ...(unit !== undefined && { unit }),
      ...(family !== undefined && { family: { name: family, labels: { ...own.family?.labels, ...labels } } }),
    };
  });
}

const pathText = (name: string, path: readonly (string | number)[]): string =>
  name + path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");

function groundOf({ btf, maps, sections }: StatsPlace, name: string): Ground {
  const index = maps.findIndex((map) => map.name === name || (name.length > 15 && map.name === name.slice(0, 15)));
  const map = maps[index];
  if (map) {
    if (map.valueTypeId === 0) throw wrong(`map ${name} has no BTF type`, "Its values can't be taken apart.");
    const isHash = map.typeName?.includes("hash") ?? false;
    const leaves = leavesOf(btf, map.valueTypeId);
    const entries = isHash ? 1 : map.maxEntries;
    if (entries * leaves.length > mostWords)
      throw wrong(`map ${name} has ${entries * leaves.length} integers`, `Name one with ${mostWords} at most.`);
    return {
      map: index,
      leaves,
      entries,
      ...(isHash && { keyType: map.keyTypeId }),
    };
  }
  for (const section of sections)
    for (const { type, offset } of section.type.variables) {
      const variable = btf.type(type);
      if (variable.kind === "var" && variable.name === name)
        return globalGround(btf, section.map, variable.type, offset);
    }
  const names = [
    ...maps.map((one) => one.name).filter((one) => !one.includes(".")),
    ...sections.flatMap((section) => section.type.variables.map(({ type }) => btf.type(type).name)),
  ];
  throw wrong(`the object has no map or global "${name}"`, `It has ${names.join(", ") || "none"}.`);
}

function globalGround(btf: Btf, map: number, type: number, offset: number): Ground {
  const array = btf.resolve(type);
  const element = array.kind === "array" ? btf.resolve(array.type).kind : "void";
  // A row for each CPU that there can be is one value, kept per CPU.
  const perCpu = array.length >= cpuIds() && (element === "array" || element === "struct");
  const stride = btf.sizeOf(perCpu ? array.type : type);
  return {
    map,
    leaves: leavesOf(btf, perCpu ? array.type : type),
    entries: 1,
    rows: { offset, stride, count: perCpu ? cpuIds() : 1 },
  };
}

function readerOf({ btf, open }: StatsPlace, ground: Ground, words: readonly (Stat | undefined)[]): Reader {
  const { map, leaves, entries, keyType, rows } = ground;
  if (keyType === undefined)
    return arrayReader(
      open(map),
      leaves,
      Array.from({ length: entries * leaves.length }, (_, i) => words[i]),
      rows,
    );
  const named = leaves.flatMap((leaf, i) => (words[i] ? [{ leaf, stat: words[i] as Stat }] : []));
  return hashReader(
    btf,
    open(map),
    keyType,
    named.map(({ leaf }) => leaf),
    named.map(({ stat }) => stat),
  );
}
