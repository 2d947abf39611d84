// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import type { DataSection } from "../bpf/section.js";
import { logger } from "../diagnostics.js";
import { cpuIds } from "../kernel/cpus.js";
import type { NativeMap, ObjectMap, ObjectProgram } from "../native/index.js";
import type { Stat, StatKind } from "../stats/schema.js";
import { findStats } from "./layout.js";
import { type Leaf, leavesOf, mostWords } from "./leaf.js";
import { namesByEnum, statOfLeaf } from "./naming.js";
import { arrayReader, hashReader, type Reader } from "./reader.js";
import { mappedReaders, type StatsMap } from "./stats_map.js";

const log = logger("bpf");

/** What the finding looks at. */
export interface StatsPlace {
  readonly btf: Btf;
  readonly maps: readonly ObjectMap[];
  readonly programs: readonly ObjectProgram[];
  readonly sections: readonly Pick<DataSection, "name" | "map" | "type">[];
  /** Opens a map by its index. */
  open(map: number): NativeMap;
}

/** Maps and globals that are called so hold statistics, in the schedulers of upstream and of the kernel tree. */
const isCalledStats = (name: string): boolean => /(^|_)(stats?|counters?|cnts?|metrics)(_|$)/i.test(name);
const isCalledNumber = (name: string): boolean => /^nr_/.test(name);

const arrays = new Set(["array", "percpu_array"]);
const hashes = new Set(["hash", "lru_hash", "percpu_hash", "lru_percpu_hash"]);

/** What is unsigned only grows, as far as anybody can tell. */
const kindOf = (leaf: Leaf): StatKind => (leaf.signed ? "gauge" : "counter");

/**
 * The statistics of an object that doesn't declare them for us, by map type, BTF and name: per-CPU or plain arrays of
 * integers (named by the enum that indexes them) or structs, hashes of them, and global variables that are called `nr_…` or
 * hold an array of statistics. Or by a statistics map alone, where there is one.
 * @throws ScxError ERR_SCX_STATS_MAP
 */
export function findReaders(place: StatsPlace, mapping?: StatsMap): Reader[] {
  if (mapping) return distinct(mappedReaders(place, mapping));
  if (findStats(place.programs, place.maps, place.btf)) return []; // it declares them, and means no others
  return distinct([...mapReaders(place), ...globalReaders(place)]);
}

/** Two maps may have the same names in them; and `at` is the time of a reading. */
function distinct(readers: readonly Reader[]): Reader[] {
  const taken = new Set(["at"]);
  const rename = (stat: Stat): Stat => {
    let name = stat.name;
    for (let number = 2; taken.has(name); number++) name = `${stat.name}_${number}`;
    taken.add(name);
    return { ...stat, name };
  };
  return readers.map((reader) => ({ ...reader, stats: reader.stats.map(rename) }));
}

function* mapReaders({ btf, maps, open }: StatsPlace): Generator<Reader> {
  for (const [index, map] of maps.entries()) {
    const type = map.typeName ?? "";
    if (!isCalledStats(map.name) || map.name.includes(".") || map.valueTypeId === 0) continue;
    const leaves = leavesOf(btf, map.valueTypeId);
    if (leaves.length === 0) continue;
    if (arrays.has(type) && map.maxEntries * leaves.length > mostWords)
      log.debug(`map ${map.name} is too large for statistics`);
    else if (arrays.has(type)) yield arrayReader(open(index), leaves, arrayStats(btf, map, leaves));
    else if (hashes.has(type))
      yield hashReader(
        btf,
        open(index),
        map.keyTypeId,
        leaves,
        leaves.map((leaf) => statOfLeaf(leaf, kindOf(leaf), leaf.path.length === 0 ? map.name : "")),
      );
  }
}

/** Statistics of each entry's leaves, in the order of the words. */
function arrayStats(btf: Btf, map: ObjectMap, leaves: readonly Leaf[]): Stat[] {
  if (map.maxEntries === 1)
    return leaves.map((leaf) => statOfLeaf(leaf, kindOf(leaf), leaf.path.length === 0 ? map.name : ""));
  const names = namesByEnum(btf, map.maxEntries);
  return Array.from({ length: map.maxEntries }, (_, entry) =>
    leaves.map((leaf) => {
      const name = names?.[entry];
      if (name !== undefined) return statOfLeaf(leaf, kindOf(leaf), name);
      return statOfLeaf({ ...leaf, path: [map.name, entry, ...leaf.path] }, kindOf(leaf));
    }),
  ).flat();
}

/** An array with a row for each CPU that there can be, `u64 stats[MAX_CPUS][N]`: one value, kept per CPU. */
function rowsOf(btf: Btf, type: number): { element: number; stride: number; count: number } | undefined {
  const array = btf.resolve(type);
  const element = array.kind === "array" ? btf.resolve(array.type) : undefined;
  if (array.length < cpuIds() || (element?.kind !== "array" && element?.kind !== "struct")) return undefined;
  return { element: array.type, stride: btf.sizeOf(array.type), count: cpuIds() };
}

function* globalReaders({ btf, sections, open }: StatsPlace): Generator<Reader> {
  for (const section of sections) {
    if (!/^\.(bss|data)/.test(section.name)) continue;
    const single: Leaf[] = [];
    for (const { type, offset } of section.type.variables) {
      const variable = btf.type(type);
      if (variable.kind !== "var") continue;
      const rows = isCalledStats(variable.name) ? rowsOf(btf, variable.type) : undefined;
      const leaves = leavesOf(btf, rows?.element ?? variable.type);
      const isNumber = isCalledNumber(variable.name) && leaves.length === 1;
      // What is narrower than a counter is likely to be something else.
      if (!(isNumber || isCalledStats(variable.name)) || leaves.some((leaf) => leaf.size !== 8)) continue;
      if (rows) yield rowsReader(btf, open(section.map), leaves, { ...rows, offset }, variable.name);
      else
        single.push(
          ...leaves.map((leaf) => ({ ...leaf, offset: leaf.offset + offset, path: [variable.name, ...leaf.path] })),
        );
    }
    if (single.length === 0) continue;
    const map = open(section.map);
    const whole = { offset: 0, stride: map.info().valueSize, count: 1 };
    yield arrayReader(
      map,
      single,
      single.map((leaf) => statOfLeaf(leaf, kindOf(leaf))),
      whole,
    );
  }
}

function rowsReader(
  btf: Btf,
  map: NativeMap,
  leaves: readonly Leaf[],
  rows: { offset: number; stride: number; count: number },
  name: string,
): Reader {
  // A row that is an array is indexed as a map's entries are.
  const names = leaves.every((leaf) => leaf.path.length === 1 && typeof leaf.path[0] === "number")
    ? namesByEnum(btf, leaves.length)
    : undefined;
  const stats = leaves.map((leaf, i) =>
    names
      ? { name: names[i] as string, kind: kindOf(leaf) }
      : statOfLeaf(leaf, kindOf(leaf), typeof leaf.path[0] === "number" ? name : ""),
  );
  return arrayReader(map, leaves, stats, rows);
}
