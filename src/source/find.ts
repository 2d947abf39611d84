// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { hashPlan } from "./hash.js";
import { type Leaf, mostWords, type Parts, partsOf, placeText } from "./leaf.js";
import { otherType, smallLeft, tableLeft, whatIsLeft } from "./left_out.js";
import { kindOf, namesByEnum, statOfLeaf } from "./naming.js";
import type { ReaderPlan, StatsPlace } from "./plan.js";
import { arrayPlan, valueParts } from "./reader.js";
import { type Rows, rowsOf, sectionsOf } from "./rows.js";

/** Maps and globals that are called so hold statistics, in the schedulers of upstream and of the kernel tree. */
export const isCalledStats = (name: string): boolean => /(^|_)(stats?|counters?|cnts?|metrics)(_|$)/i.test(name);
/** Members of a CPU's or a task's context that do: `gstats`, `lstats`, `cstats`. */
const isCalledMember = (step: string | number): boolean =>
  typeof step === "string" && (isCalledStats(step) || /(^|_)[a-z]stats?$/i.test(step));
const isCalledNumber = (name: string): boolean => /^nr_/.test(name);

const arrays = new Set(["array", "percpu_array"]);
const hashes = new Set(["hash", "lru_hash", "percpu_hash", "lru_percpu_hash"]);

/** Whether a map of that type has values that can be counted. */
export const isArray = ({ typeName = "" }: ObjectMap): boolean => arrays.has(typeName);
export const isHash = ({ typeName = "" }: ObjectMap): boolean => hashes.has(typeName);

/**
 * The statistics of an object that doesn't declare them for us, by map type, BTF and name: per-CPU or plain arrays of
 * integers (named by the enum that indexes them) or structs, hashes of them, members of what is kept for each CPU, and global
 * variables that are called `nr_…` or hold an array of statistics.
 * @param problem is told of what looks like statistics, and can't be read
 */
export function findPlans(place: StatsPlace, problem: (error: ScxError) => void): ReaderPlan[] {
  const plans: ReaderPlan[] = [];
  place.maps.forEach((map, index) => {
    if (map.name.includes(".") || map.autocreate === false) return;
    try {
      const plan = isCalledStats(map.name)
        ? mapPlan(place.btf, map, index, problem)
        : contextPlan(place.btf, map, index, problem);
      if (plan) plans.push(plan);
    } catch (error) {
      if (!(error instanceof ScxError)) throw error;
      problem(error);
    }
  });
  return [...plans, ...globalPlans(place, problem)];
}

type Tell = (error: ScxError) => void;

/** Too small to be taken for a counter where anything may stand; what is no number at all counts nothing anyway. */
const isSmall = ({ size, state = false }: Leaf): boolean => size !== 8 && !state;

function mapPlan(btf: Btf, map: ObjectMap, index: number, problem: Tell): ReaderPlan | undefined {
  if (!isArray(map) && !isHash(map)) {
    problem(otherType(map));
    return undefined;
  }
  const parts = valueParts(btf, map);
  const { leaves } = parts;
  const isTable = !isHash(map) && map.maxEntries * leaves.length > mostWords;
  for (const left of isTable ? [tableLeft(map.name, map.maxEntries * leaves.length)] : whatIsLeft(map.name, parts))
    problem(left);
  if (leaves.length === 0 || isTable) return undefined;
  if (isHash(map)) return hashPlan(btf, { index, map, leaves, ...valueStats(btf, map, leaves) });
  return arrayPlan(btf, { index, map, leaves, ...arrayStats(btf, map, leaves) });
}

/** A struct for each CPU, in which a scheduler keeps whatever it needs, its statistics among it. */
function contextPlan(btf: Btf, map: ObjectMap, index: number, problem: Tell): ReaderPlan | undefined {
  if (map.typeName !== "percpu_array" || map.maxEntries !== 1 || map.valueTypeId === 0) return undefined;
  const parts = valueParts(btf, map);
  const called = parts.leaves.filter(({ path }) => path.some(isCalledMember));
  const leaves = called.filter(({ size }) => size === 8);
  const small = called.filter(isSmall).map(({ path }) => path.filter((step) => typeof step === "string"));
  for (const name of new Set(small.map((path) => placeText([map.name, ...path])))) problem(smallLeft(name));
  const left = parts.left.filter((path) => path.some(isCalledMember));
  if (leaves.length + left.length === 0) return undefined;
  for (const one of whatIsLeft(map.name, { ...parts, left, isCut: parts.isCut && leaves.length > 0 })) problem(one);
  if (leaves.length === 0) return undefined;
  return arrayPlan(btf, { index, map, leaves, ...valueStats(btf, map, leaves) });
}

/** Statistics of one value's leaves. */
function valueStats(btf: Btf, map: ObjectMap, leaves: readonly Leaf[]): { stats: Stat[]; places: string[] } {
  return {
    stats: withEnumNames(btf, leaves).map((leaf) =>
      statOfLeaf(leaf, kindOf(leaf, map.name), leaf.path.length === 0 ? map.name : ""),
    ),
    places: leaves.map((leaf) => placeText([map.name, ...leaf.path])),
  };
}

/** The same with the names of an enum for the last index of an array that is called after statistics: `lstats[layer][stat]`. */
function withEnumNames(btf: Btf, leaves: readonly Leaf[]): Leaf[] {
  const nameOf = namesOfLast(
    btf,
    leaves.map(({ path }) => path),
  );
  return leaves.map((leaf) => {
    const { path } = leaf;
    const name = nameOf(path);
    const member = path.findLastIndex((step) => typeof step === "string");
    return name === undefined
      ? leaf
      : { ...leaf, path: [...path.slice(0, member), ...path.slice(member + 1, -1), name] };
  });
}

/** What an enum calls the last index of a path, one of these, if that is an array's which is called after statistics. */
export function namesOfLast(btf: Btf, paths: readonly Leaf["path"][]): (path: Leaf["path"]) => string | undefined {
  const arrayOf = (path: Leaf["path"]) => placeText(path.slice(0, -1));
  const lengths = new Map<string, number>();
  for (const path of paths) lengths.set(arrayOf(path), (lengths.get(arrayOf(path)) ?? 0) + 1);
  const known = new Map<string, string[] | undefined>();
  return (path) => {
    const [last, member] = [path.at(-1), path.findLast((step) => typeof step === "string")];
    if (typeof last !== "number" || member === undefined || !isCalledMember(member)) return undefined;
    const length = lengths.get(arrayOf(path)) ?? 0;
    const array = `${member} ${length}`;
    if (!known.has(array)) known.set(array, namesByEnum(btf, length, member));
    return known.get(array)?.[last];
  };
}

/** Statistics of each entry's leaves, in the order of the words. */
function arrayStats(btf: Btf, map: ObjectMap, leaves: readonly Leaf[]): { stats: Stat[]; places: string[] } {
  if (map.maxEntries === 1) return valueStats(btf, map, leaves);
  const names = namesByEnum(btf, map.maxEntries, map.name);
  const entries = Array.from({ length: map.maxEntries }, (_, entry) =>
    leaves.map((leaf) => {
      const name = names?.[entry];
      const path = [map.name, entry, ...leaf.path];
      const stat =
        name === undefined
          ? statOfLeaf({ ...leaf, path }, kindOf(leaf, map.name))
          : statOfLeaf(leaf, kindOf(leaf, name), name);
      return { stat, place: placeText(path) };
    }),
  ).flat();
  return { stats: entries.map(({ stat }) => stat), places: entries.map(({ place }) => place) };
}

function* globalPlans({ btf, maps }: StatsPlace, problem: Tell): Generator<ReaderPlan> {
  for (const section of sectionsOf(btf, maps)) {
    if (!/^\.(bss|data)/.test(section.type.name)) continue;
    const single: Leaf[] = [];
    const plan = (leaves: readonly Leaf[], stats: Stat[], rows: Rows, paths: Leaf["path"][]) =>
      arrayPlan(btf, {
        index: section.map,
        map: { ...(maps[section.map] as ObjectMap), name: section.type.name },
        leaves,
        stats,
        places: paths.map(placeText),
        rows,
      });
    for (const { type, offset } of section.type.variables) {
      const variable = btf.type(type);
      if (variable.kind !== "var") continue;
      const { name } = variable;
      const rows = isCalledStats(name) ? rowsOf(btf, { name, type: variable.type, offset }) : undefined;
      const parts: Parts = partsOf(btf, rows?.element ?? variable.type);
      const { leaves } = parts;
      const isNumber = isCalledNumber(name) && leaves.length === 1;
      if (!(isNumber || isCalledStats(name))) continue;
      // What is narrower than a counter is likely to be something else.
      if (leaves.some(({ size }) => size !== 8)) {
        const isMixed = leaves.some(({ size }) => size === 8);
        if (leaves.some(isSmall)) problem(smallLeft(name, isMixed));
        continue;
      }
      for (const left of whatIsLeft(name, parts)) problem(left);
      if (leaves.length === 0) continue;
      const paths = leaves.map((leaf) => [name, ...leaf.path]);
      if (rows) yield plan(leaves, rowStats(btf, leaves, name), rows.rows, paths);
      else single.push(...leaves.map((leaf, i) => ({ ...leaf, offset: leaf.offset + offset, path: paths[i] ?? [] })));
    }
    if (single.length === 0) continue;
    yield plan(
      single,
      withEnumNames(btf, single).map((leaf) => statOfLeaf(leaf, kindOf(leaf, ""))),
      "whole",
      single.map(({ path }) => path),
    );
  }
}

/** Statistics of one CPU's row. */
function rowStats(btf: Btf, leaves: readonly Leaf[], name: string): Stat[] {
  // A row that is an array is indexed as a map's entries are.
  const names = leaves.every((leaf) => leaf.path.length === 1 && typeof leaf.path[0] === "number")
    ? namesByEnum(btf, leaves.length, name)
    : undefined;
  return leaves.map((leaf, i) =>
    names
      ? { name: names[i] as string, kind: kindOf(leaf, names[i]) }
      : statOfLeaf(leaf, kindOf(leaf, name), typeof leaf.path[0] === "number" ? name : ""),
  );
}
