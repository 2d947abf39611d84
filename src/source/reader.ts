// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { cpuIds, possibleCpus } from "../kernel/cpus.js";
import { type NativeMap, native, type ObjectMap, type SnapshotOptions } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { besides, type Value } from "./cover.js";
import { type HistogramPlan, withHistograms } from "./histogram.js";
import type { StatsLayout } from "./layout.js";
import { type Leaf, type Parts, packed, partsOf } from "./leaf.js";
import type { ReaderPlan } from "./plan.js";
import { boundRows, type Guess, guessOf, type Rows, requireRows } from "./rows.js";

/** One key of a dictionary, and where its value is. */
export interface Slot {
  readonly key: string;
  /** Index of its word. */
  readonly word: number;
  /** What the word was when the key came: a counter's total is counted from there. */
  readonly start: bigint;
  /** What the same key had counted before it came into that word, with the schedulers of the run before too. */
  readonly carried?: bigint;
}

/** What the same readings find on each CPU. */
export interface CpuWords {
  /** `words[row * width + word]`, a row for each of {@link cpus}; of a hash such rows for each slot. */
  readonly words: BigUint64Array;
  readonly width: number;
  /** Numbers of the CPUs. */
  readonly cpus: readonly number[];
  /** How many of the words may be in use, as one word: behind them all are 0, and none is looked at. Absent: all are. */
  readonly used?: BigUint64Array;
  /** Of a hash: for each row the keys that {@link Reader.slots} has, and where their values on that CPU are. */
  slots?(stat: number, gone?: boolean): readonly (readonly Slot[])[];
  /** The same of {@link Reader.former}. */
  former?(stat: number): readonly Iterable<[string, bigint]>[];
}

/** What reads some statistics of one map: one native call into arrays that are bound once. */
export interface Reader {
  /** The map's, or the section's. */
  readonly name: string;
  readonly stats: readonly Stat[];
  /** One u64 a word; {@link take} fills it. */
  readonly words: BigUint64Array;
  /** The first word of each statistic; of a dictionary's first slot. */
  readonly index: readonly number[];
  /** Reads the kernel once. Needs no `this`. */
  readonly take: () => void;
  /** From now on {@link take} keeps what each CPU has as well; where values are kept per CPU. */
  readonly byCpu?: () => CpuWords;
  /** What the last reading left out, and what is lost. */
  problems?(): readonly ScxError[];
  /**
   * Zeroes the chosen words, those with a 1, after a reading; what they are then is what was counted in them since the last time.
   * Where values have a place of their own.
   */
  readonly zero?: (chosen: Uint8Array) => void;
  /** What zeroing these words would write over as well, with what it was at the reading: a place in the same value. */
  readonly spoiled?: (chosen: Uint8Array) => string | undefined;
  /** The keys of a dictionary as of the last reading, those that have gone since the one before included; or only the latter. */
  slots?(stat: number, gone?: boolean): readonly Slot[];
  /** What keys of a dictionary had counted that {@link slots} hasn't, as they went before: their totals go on when they come again. */
  former?(stat: number): Iterable<[string, bigint]>;
}

type Bound = ReturnType<ReaderPlan["bind"]>;

/** Reads the struct in which an object declares its statistics. */
export function declaredPlan(
  { schema, map, words, size, rows }: StatsLayout,
  btf: Btf,
  maps: readonly ObjectMap[],
): ReaderPlan {
  const { name, typeName = "", valueTypeId } = maps[map] as ObjectMap;
  return {
    map,
    name,
    stats: schema.stats,
    places: schema.stats.map((stat) => (rows ? stat.name : `${name}.${stat.name}`)),
    storage: storageOf(typeName, rows),
    bind: (bound) => {
      if (rows) requireRows(schema.name, rows);
      const leaves = Array.from({ length: size / 8 }, (_, word) => ({ offset: word * 8, size: 8 }));
      const options = rows ? { rows: boundRows(rows, bound, leaves.length) } : {};
      return { ...snapshotReader(bound, options, { btf, type: valueTypeId, name, leaves }), index: words };
    },
  };
}

const storageOf = (typeName: string, rows: Rows | undefined): string =>
  rows === undefined ? typeName : rows === "whole" ? "global" : "global, a row for each CPU";

/** An array whose entries are made of these leaves; `stats[entry * leaves + leaf]` says what each is. */
export interface ArrayPlan {
  /** The map's, among its place's. */
  readonly index: number;
  readonly map: ObjectMap;
  readonly leaves: readonly Leaf[];
  readonly stats: readonly (Stat | undefined)[];
  /** As {@link stats}. */
  readonly places: readonly string[];
  /** Of a section of global data. */
  readonly rows?: Rows | undefined;
  /** Statistics of more than one word. */
  readonly histograms?: readonly HistogramPlan[];
}

/** Reads an array. */
export function arrayPlan(
  btf: Btf,
  { index, map, leaves, stats, places, rows, histograms = [] }: ArrayPlan,
): ReaderPlan {
  const named = stats.flatMap((stat, word) => (stat ? [{ stat, word, place: places[word] ?? "" }] : []));
  return {
    map: index,
    name: map.name,
    stats: [...named.map(({ stat }) => stat), ...histograms.map(({ stat }) => stat)],
    places: [...named.map(({ place }) => place), ...histograms.map(({ place }) => place)],
    storage: storageOf(map.typeName ?? "", rows),
    bind: (bound) => {
      const gauges = gaugesAmong(stats);
      const options = { leaves: packed(leaves), gauges, ...(rows && { rows: boundRows(rows, bound, leaves.length) }) };
      const value = { btf, type: map.valueTypeId, name: map.name, leaves };
      const read = snapshotReader(bound, options, value);
      const guess = rows && guessOf(rows, bound, options, leaves.length);
      const reader = { ...read, ...(guess && watched(guess, read.take)), index: named.map(({ word }) => word) };
      return histograms.length > 0 ? withHistograms(reader, histograms) : reader;
    },
  };
}

/** @param take the reading of what was guessed */
const watched = (guess: Guess, take: () => void): Pick<Bound, "take" | "problems"> => ({
  take: () => {
    take();
    guess.afterReading();
  },
  problems: () => guess.problems,
});

/** Numbers of the words that are levels. */
export const gaugesAmong = (stats: readonly (Stat | undefined)[]): Uint32Array =>
  new Uint32Array(stats.flatMap((stat, word) => (stat?.kind === "gauge" ? [word] : [])));

/** A snapshot of an array or of rows, with what each CPU has on request. */
function snapshotReader(map: NativeMap, options: SnapshotOptions, value: Value): Omit<Bound, "index"> {
  const snapshot = new native.Snapshot(map, options);
  const { sums, take } = snapshot;
  const isPerCpu = map.info().typeName === "percpu_array" || (options.rows?.count ?? 1) > 1;
  return {
    words: sums,
    take,
    zero: (chosen) => snapshot.zero(chosen),
    // In mapped memory each word is written by itself; else the kernel takes only whole values.
    spoiled: (chosen) => (snapshot.mapped ? undefined : besides({ ...value, rows: options.rows }, chosen)),
    ...(isPerCpu && {
      byCpu: () => {
        const { count } = options.rows ?? {};
        const cpus = count ? Array.from({ length: Math.min(count, cpuIds()) }, (_, cpu) => cpu) : possibleCpus();
        // Each CPU is a group of its own; rows that are no CPU's are the last.
        const groups = Uint32Array.from({ length: count ?? cpus.length }, (_, row) => Math.min(row, cpus.length));
        const words = snapshot.group(groups).subarray(0, cpus.length * sums.length);
        return { words, width: sums.length, cpus };
      },
    }),
  };
}

/**
 * The integers in a map's values. Those of 8 bytes without a type are u64: upstream declares its maps of counters with
 * `__uint(value_size, sizeof(u64))`, of which BTF tells nothing.
 * @throws ScxError ERR_SCX_NO_BTF for others, ERR_SCX_STATS_META when the values are not what their type says
 */
export function valueParts(btf: Btf, { name, valueTypeId, valueSize }: ObjectMap): Parts {
  if (valueTypeId === 0) {
    if (valueSize === 8) return { leaves: [{ path: [], offset: 0, size: 8, signed: false }], left: [], isCut: false };
    throw new ScxError("ERR_SCX_NO_BTF", {
      op: "read",
      message: `Map ${name} has values of ${valueSize} bytes without a BTF type, so they can't be taken apart.`,
      remedy: "Declare it with __type(value, …), and load it with its BTF.",
    });
  }
  const size = btf.sizeOf(valueTypeId);
  if (size === valueSize) return partsOf(btf, valueTypeId);
  throw new ScxError("ERR_SCX_STATS_META", {
    op: "read",
    message: `Map ${name} has values of ${valueSize} bytes, and their type ${btf.describe(valueTypeId)} has ${size}.`,
    remedy: "Declare it with __type(value, …) in place of __uint(value_size, …), or build the object again.",
  });
}
