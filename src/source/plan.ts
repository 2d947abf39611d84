// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import type { NativeError, NativeMap, ObjectMap, ObjectProgram } from "../native/index.js";
import { numbered } from "../numbered.js";
import { seriesOf } from "../stats/family.js";
import type { Stat, StatKind, StatsSchema } from "../stats/schema.js";
import { findPlans } from "./find.js";
import { findStats } from "./layout.js";
import { mappedPlans } from "./mapped.js";
import { declaredPlan, type Reader } from "./reader.js";
import { checkStatsMap, type StatsMap } from "./stats_map.js";

const log = logger("bpf");

/** What statistics are looked for in: an object file, or what the maps of a running scheduler say, that have one BTF. */
export interface StatsPlace {
  readonly btf: Btf;
  readonly maps: readonly ObjectMap[];
  readonly programs: readonly ObjectProgram[];
}

/** How the statistics of one map are read: known from BTF alone, and bound to the map once it is there. */
export interface ReaderPlan {
  /** Index of the map, among its place's. */
  readonly map: number;
  /** The map's name, or the section's. */
  readonly name: string;
  readonly stats: readonly Stat[];
  /** Where each of them is, as a statistics map names it: `event_stats[1]`, `nr_total`. */
  readonly places: readonly string[];
  /** What keeps them: `percpu_array`, `lru_hash`, `.bss`. */
  readonly storage: string;
  /** Throws what the addon throws. */
  bind(map: NativeMap): Omit<Reader, "stats" | "name">;
}

/** All that an object counts. */
export interface StatsPlan {
  /** Of the struct that declares them, or what a statistics map calls them. */
  readonly name?: string;
  readonly readers: readonly (ReaderPlan & { readonly place: number })[];
  /** Index of the program that resets them in the kernel, when there is one. */
  readonly reset?: number | undefined;
  /** Why some that look like statistics can't be read. */
  readonly problems: readonly ScxError[];
}

/**
 * The statistics of a scheduler, whose maps may have several objects' BTF: by a statistics map alone, where there is one; else
 * those that each object declares, or that are found by map type, BTF and name. Needs no kernel.
 * @throws ScxError ERR_SCX_STATS_META, ERR_SCX_STATS_MAP
 */
export function planStats(places: readonly StatsPlace[], mapping?: StatsMap): StatsPlan {
  if (mapping) {
    const { name } = checkStatsMap(mapping);
    return { ...(name !== undefined && { name }), readers: distinct(mappedPlans(places, mapping)), problems: [] };
  }
  const layouts = places.map(({ programs, maps, btf }) => findStats(programs, maps, btf));
  const problems: ScxError[] = [];
  const readers = places.flatMap((one, place) => {
    const layout = layouts[place]; // it declares them, and means no others
    const plans = layout
      ? [declaredPlan(layout, one.btf, one.maps)]
      : findPlans(one, (problem) => problems.push(problem));
    return plans.map((plan) => ({ ...plan, place }));
  });
  const declared = layouts.find((layout) => layout !== undefined);
  return {
    ...(declared && { name: declared.schema.name, reset: declared.reset }),
    readers: distinct(readers),
    problems,
  };
}

/**
 * Two maps may have the same names in them; and `at` is the time of a reading. A family has one kind, and each of its labels once:
 * who else is called so is of another.
 */
function distinct<Plan extends ReaderPlan>(plans: readonly Plan[]): Plan[] {
  const taken = new Set(["at"]);
  const families = new Map<string, StatKind>();
  const series = new Set<string>();
  const rename = (stat: Stat): Stat => {
    const name = numbered(stat.name, (own) => !taken.has(own));
    taken.add(name);
    if (!stat.family) return { ...stat, name };
    const { labels } = stat.family;
    const own = seriesOf(labels);
    const isFree = (family: string) =>
      (families.get(family) ?? stat.kind) === stat.kind && !series.has(`${family} ${own}`);
    const family = { name: numbered(stat.family.name, isFree), labels };
    families.set(family.name, stat.kind);
    series.add(`${family.name} ${own}`);
    return { ...stat, name, family };
  };
  return plans.map((plan) => ({ ...plan, stats: plan.stats.map(rename) }));
}

/** What a plan reads, as a schema. @param fallback its name, where nothing gives it one */
export const schemaOf = (plan: StatsPlan, fallback: string): StatsSchema => ({
  name: plan.name ?? fallback,
  stats: plan.readers.flatMap(({ stats }) => stats),
});

/**
 * Binds a plan's readers to their maps. One that can't be bound keeps none of the others from it, and is among the problems.
 * @throws ScxError ERR_SCX_MAP_READ, ERR_SCX_STATS_META when none can
 * @param open gives the map of that index, of that place
 */
export function bindStats(
  plan: StatsPlan,
  open: (place: number, map: number) => NativeMap,
): { readers: Reader[]; problems: ScxError[] } {
  const problems = [...plan.problems];
  const readers = plan.readers.flatMap((one): Reader[] => {
    try {
      return [{ name: one.name, stats: one.stats, ...one.bind(open(one.place, one.map)) }];
    } catch (cause) {
      problems.push(cause instanceof ScxError ? cause : unreadable(one.name, cause as NativeError));
      return [];
    }
  });
  const [failure] = problems.slice(plan.problems.length);
  if (failure && readers.length === 0) throw failure;
  for (const problem of problems) log.warn(causeOf(problem));
  return { readers, problems };
}

/** A map that can't be read, for who samples. */
export const unreadable = (name: string, cause: NativeError): ScxError =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `The statistics in ${name} can't be read: ${cause.message}.`,
    remedy: "The others are read on. Report it with this text if the map exists still.",
    errno: cause.errno,
    cause,
  });
