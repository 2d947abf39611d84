// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { possibleCpus } from "../kernel/cpus.js";
import { native, type ObjectMap } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { keyFormat } from "./key.js";
import { type Leaf, packed } from "./leaf.js";
import type { ReaderPlan } from "./plan.js";
import { gaugesAmong } from "./reader.js";
import { SlotKeys } from "./slot_keys.js";

/** A hash, with the leaves of its values, and what each is. */
export interface HashPlan {
  readonly index: number;
  readonly map: ObjectMap;
  readonly leaves: readonly Leaf[];
  readonly stats: readonly Stat[];
  readonly places: readonly string[];
}

/** Reads a hash: a dictionary for each leaf of its values. */
export function hashPlan(btf: Btf, { index, map, leaves, stats, places }: HashPlan): ReaderPlan {
  const format = keyFormat(btf, map);
  return {
    map: index,
    name: map.name,
    stats: stats.map((stat) => ({
      ...stat,
      type: { dict: stat.kind === "counter" ? "u64" : "i64", key: format.type },
    })),
    places,
    storage: map.typeName ?? "",
    bind: (bound) => {
      const keyed = new native.KeyedSnapshot(bound, { leaves: packed(leaves), gauges: gaugesAmong(stats) });
      let left = 0;
      /** Slots of which each CPU's words are kept. */
      let byCpu = 0;
      const keys = new SlotKeys(keyed.keys, keyed.states, bound.info().keySize, format);
      const startAt = (starts: BigUint64Array, word: number, stat: number) =>
        stats[stat]?.kind === "counter" ? (starts[word] ?? 0n) : 0n;
      return {
        words: keyed.words,
        index: stats.map((_, leaf) => leaf),
        take: () => {
          left = keyed.take();
        },
        problem: () => {
          if (left > 0) return tooMany(map.name, left);
          const behind = byCpu === 0 ? 0 : keyed.states.subarray(byCpu).filter((state) => state !== 0).length;
          return behind > 0 ? tooManyByCpu(map.name, behind) : undefined;
        },
        slots: (stat, gone = false) =>
          keys.list(gone).map(({ slot, key }) => {
            const word = slot * leaves.length + stat;
            return { key, word, start: startAt(keyed.starts, word, stat) };
          }),
        ...(bound.info().typeName?.includes("percpu") && {
          byCpu: () => {
            const cpus = possibleCpus();
            const { words, starts, used } = keyed.byCpu();
            byCpu = words.length / (cpus.length * leaves.length);
            const slots = (stat: number, gone = false) => {
              const list = keys.list(gone).filter(({ slot }) => slot < byCpu);
              return cpus.map((_, row) =>
                list.map(({ slot, key }) => {
                  const word = (slot * cpus.length + row) * leaves.length + stat;
                  return { key, word, start: startAt(starts, word, stat) };
                }),
              );
            };
            return { words, width: leaves.length, cpus, used, slots };
          },
        }),
      };
    },
  };
}

const tooMany = (name: string, keys: number) =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `Map ${name} has ${keys} keys more than can be followed.`,
    remedy: "Its first 65536 keys are counted; name fewer of its members in a statistics map, or make it smaller.",
  });

const tooManyByCpu = (name: string, keys: number) =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `Map ${name} has ${keys} keys more than can be told apart by CPU.`,
    remedy: "They are in its sums; name fewer of its members in a statistics map, or make it smaller.",
  });
