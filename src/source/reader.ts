// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { type NativeMap, type NativeSnapshot, native, type SnapshotOptions } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { type KeyFormat, keyFormat } from "./key.js";
import type { StatsLayout } from "./layout.js";
import { type Leaf, packed } from "./leaf.js";

/** One key of a dictionary, and where its value is. */
export interface Slot {
  readonly key: string;
  /** Index of its word. */
  readonly word: number;
  /** What the word was when the key came: a counter's total is counted from there. */
  readonly start: bigint;
}

/** What reads some statistics of one map: one native call into arrays that are bound once. */
export interface Reader {
  readonly stats: readonly Stat[];
  /** One u64 a word; {@link take} fills it. */
  readonly words: BigUint64Array;
  /** The first word of each statistic; of a dictionary's first slot. */
  readonly index: readonly number[];
  /** Reads the kernel once. Needs no `this`. */
  readonly take: () => void;
  /** The same folded by groups of CPUs as well; where the values are kept per CPU. */
  readonly by?: (groups: Uint32Array) => NativeSnapshot;
  /** The keys of a dictionary as of the last reading, those that have gone since the one before included. */
  slots?(stat: number): readonly Slot[];
}

/** Reads the struct in which an object declares its statistics. */
export function declaredReader({ schema, words, rows }: StatsLayout, map: NativeMap): Reader {
  const options = rows ? { rows } : {};
  const { sums, take } = new native.Snapshot(map, options);
  return {
    stats: schema.stats,
    words: sums,
    index: words,
    take,
    by: (groups) => new native.Snapshot(map, { ...options, groups }),
  };
}

/** Reads an array whose entries are made of these leaves; `stats[entry * leaves + leaf]` says what each is. */
export function arrayReader(
  map: NativeMap,
  leaves: readonly Leaf[],
  stats: readonly (Stat | undefined)[],
  rows?: SnapshotOptions["rows"],
): Reader {
  const options = { leaves: packed(leaves), ...(rows && { rows }) };
  const { sums, take } = new native.Snapshot(map, options);
  const isPerCpu = map.info().typeName === "percpu_array" || (rows?.count ?? 1) > 1;
  const named = stats.flatMap((stat, word) => (stat ? [{ stat, word }] : []));
  return {
    stats: named.map(({ stat }) => stat),
    words: sums,
    index: named.map(({ word }) => word),
    take,
    ...(isPerCpu && { by: (groups: Uint32Array) => new native.Snapshot(map, { ...options, groups }) }),
  };
}

/** Reads a hash: a dictionary for each leaf of its values. */
export function hashReader(
  btf: Btf,
  map: NativeMap,
  keyType: number,
  leaves: readonly Leaf[],
  stats: readonly Stat[],
): Reader {
  const gauges = new Uint32Array(stats.flatMap((stat, leaf) => (stat.kind === "counter" ? [] : [leaf])));
  const keyed = new native.KeyedSnapshot(map, { leaves: packed(leaves), gauges });
  const format = keyFormat(btf, keyType);
  const keys = new SlotKeys(keyed.keys, keyed.states, map.info().keySize, format);
  return {
    stats: stats.map((stat) => ({
      ...stat,
      type: { dict: stat.kind === "counter" ? "u64" : "i64", key: format.type },
    })),
    words: keyed.words,
    index: stats.map((_, leaf) => leaf),
    take: keyed.take,
    slots: (stat) =>
      keys.list().map(({ slot, key }) => {
        const word = slot * leaves.length + stat;
        return { key, word, start: stats[stat]?.kind === "counter" ? (keyed.starts[word] ?? 0n) : 0n };
      }),
  };
}

/** The texts of the slots' keys, made once for as long as a key has its slot. */
class SlotKeys {
  readonly #bytes: Uint8Array;
  readonly #states: Uint8Array;
  readonly #size: number;
  readonly #format: KeyFormat;
  readonly #known = new Map<number, { bytes: string; text: string }>();

  constructor(bytes: Uint8Array, states: Uint8Array, size: number, format: KeyFormat) {
    this.#bytes = bytes;
    this.#states = states;
    this.#size = size;
    this.#format = format;
  }

  list(): { slot: number; key: string }[] {
    const list: { slot: number; key: string }[] = [];
    this.#states.forEach((state, slot) => {
      if (state !== 0) list.push({ slot, key: this.#textOf(slot) });
    });
    return list;
  }

  #textOf(slot: number): string {
    const key = this.#bytes.subarray(slot * this.#size, (slot + 1) * this.#size);
    const bytes = Buffer.from(key).toString("latin1");
    const known = this.#known.get(slot);
    if (known?.bytes === bytes) return known.text;
    const text = this.#format.text(key.slice());
    this.#known.set(slot, { bytes, text });
    return text;
  }
}
