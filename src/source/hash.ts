// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { possibleCpus } from "../kernel/cpus.js";
import { native, type ObjectMap } from "../native/index.js";
import type { Stat } from "../stats/schema.js";
import { u64 } from "../stats/u64.js";
import { keyFormat } from "./key.js";
import { type Leaf, packed } from "./leaf.js";
import { keysText, Loss } from "./loss.js";
import type { ReaderPlan } from "./plan.js";
import { gaugesAmong, type Slot } from "./reader.js";
import { type KeyedSlot, SlotKeys } from "./slot_keys.js";

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
      const width = leaves.length;
      const left = new Loss((more) => tooMany(map.name, more, keyed.states.length));
      const leftByCpu = new Loss((keys) => tooManyByCpu(map.name, keys));
      let cells: Cells | undefined;
      const isCounter = stats.map(({ kind }) => kind === "counter");
      const keys = new SlotKeys({
        name: map.name,
        keys: keyed.keys,
        states: keyed.states,
        keySize: bound.info().keySize,
        format,
        sums: (slot) => {
          const sums = new Map<number, bigint>();
          addCounted(sums, keyed, { first: slot * width, count: width, at: 0 });
          if (!cells || slot >= cells.slots) return sums;
          const each = cells.cpus.length * width;
          addCounted(sums, cells, { first: slot * each, count: each, at: width });
          return sums;
        },
      });
      /** @param sum which of the key's sums the word's is: the whole's come first, then each CPU's */
      const slotOf = ({ starts }: Arrays, word: number, { key, carried }: KeyedSlot, sum: number): Slot => {
        if (!isCounter[sum % width]) return { key, word, start: 0n };
        return { key, word, start: starts[word] ?? 0n, ...(carried && { carried: carried.get(sum) ?? 0n }) };
      };
      const read = () => {
        left.keys = keyed.take();
        if (cells) leftByCpu.keys = keysFrom(keyed.states, cells.slots);
      };
      return {
        words: keyed.words,
        index: stats.map((_, leaf) => leaf),
        take: () => keys.read(read),
        // Who isn't followed at all isn't by CPU.
        problems: () => [...(left.keys > 0 ? left : leftByCpu).problems, ...keys.problems],
        slots: (stat, gone = false) => keys.list(gone).map((one) => slotOf(keyed, one.slot * width + stat, one, stat)),
        former: (stat) => (isCounter[stat] ? keys.former(stat) : []),
        ...(bound.info().typeName?.includes("percpu") && {
          byCpu: () => {
            const cpus = possibleCpus();
            const { words, starts, used } = keyed.byCpu();
            const slots = words.length / (cpus.length * width);
            const own = { words, starts, cpus, slots };
            cells = own;
            return {
              words,
              width,
              cpus,
              used,
              slots: (stat, gone = false) => {
                const list = keys.list(gone).filter(({ slot }) => slot < slots);
                return cpus.map((_, row) =>
                  list.map((one) => {
                    const word = (one.slot * cpus.length + row) * width + stat;
                    return slotOf(own, word, one, (1 + row) * width + stat);
                  }),
                );
              },
              former: (stat) => cpus.map((_, row) => (isCounter[stat] ? keys.former((1 + row) * width + stat) : [])),
            };
          },
        }),
      };
    },
  };
}

/** As the addon has them: what words are, and what they were when their slots' keys came. */
type Arrays = Readonly<Record<"words" | "starts", BigUint64Array>>;

/** Which words, and the number of the first among a key's sums. */
interface Span {
  readonly first: number;
  readonly count: number;
  readonly at: number;
}

/** What words have counted since then, where they have; of levels it says nothing, and nobody asks. */
function addCounted(sums: Map<number, bigint>, { words, starts }: Arrays, { first, count, at }: Span): void {
  for (let i = 0; i < count; i++) {
    const word = words[first + i];
    const start = starts[first + i];
    if (word !== start) sums.set(at + i, u64((word ?? 0n) - (start ?? 0n)));
  }
}

/** How many of the slots from that one on have keys. */
function keysFrom(states: Uint8Array, first: number): number {
  let keys = 0;
  for (let slot = first; slot < states.length; slot++) if (states[slot] !== 0) keys++;
  return keys;
}

/** What each CPU has of so many of the slots. */
interface Cells extends Arrays {
  readonly cpus: readonly number[];
  readonly slots: number;
}

const tooMany = (name: string, keys: number, followed: number) =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `Map ${name} has ${keysText(keys)} more than can be followed.`,
    remedy: `Of its keys, ${followed} are counted; name fewer of its members in a statistics map, or make it smaller.`,
  });

const tooManyByCpu = (name: string, keys: number) =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `Map ${name} has ${keysText(keys)} more than can be told apart by CPU.`,
    remedy: "They are in its sums; name fewer of its members in a statistics map, or make it smaller.",
  });
