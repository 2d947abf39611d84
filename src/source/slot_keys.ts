// SPDX-License-Identifier: MIT
import type { ScxError } from "../error.js";
import { u64 } from "../stats/u64.js";
import { FormerKeys, type KeySums } from "./former_keys.js";
import type { KeyFormat } from "./key.js";

/** What the addon says of a slot whose key was there at the reading before the last. */
const isGone = 2;

/** A slot whose key was there at the last reading, or at the one before. */
export interface KeyedSlot {
  readonly slot: number;
  readonly key: string;
  /** What was counted under that text by keys that have left their slots: one of the text's slots has it. */
  readonly carried?: KeySums | undefined;
}

/** What {@link SlotKeys} looks at: the addon's arrays, and how keys are written. */
export interface SlotsOf {
  /** The map's name. */
  readonly name: string;
  readonly keys: Uint8Array;
  readonly states: Uint8Array;
  readonly keySize: number;
  readonly format: KeyFormat;
  /** What the key in a slot has counted there. */
  sums(slot: number): KeySums;
}

/**
 * The keys in a hash's slots: their texts, made once for as long as a key has its slot, and what they had counted before they came
 * into it. So a key's total goes on when it has gone and comes again, whether a reading fell in between or not.
 */
export class SlotKeys {
  readonly #of: SlotsOf;
  /** By slot. */
  readonly #texts = new Map<number, string>();
  /** How many slots have that text: what tells keys apart need not be in it. */
  readonly #slots = new Map<string, number>();
  /** Of texts that are there. */
  readonly #carried = new Map<string, KeySums>();
  readonly #former: FormerKeys;
  /** Whether all keys of the last reading are among the texts. */
  #isMet = false;

  constructor(of: SlotsOf) {
    this.#of = of;
    this.#former = new FormerKeys(of.name);
  }

  /** Those that are there, and those that have gone since the reading before; or only the latter. */
  list(gone: boolean): KeyedSlot[] {
    this.#meet();
    const { states } = this.#of;
    const list: KeyedSlot[] = [];
    const given = new Set<string>();
    const add = (slot: number) => {
      const key = this.#texts.get(slot) ?? "";
      const carried = given.has(key) ? undefined : this.#carried.get(key);
      if (carried) given.add(key);
      list.push({ slot, key, carried });
    };
    if (gone) for (const slot of this.#gone()) add(slot);
    else
      states.forEach((state, slot) => {
        if (state !== 0) add(slot);
      });
    return list;
  }

  /** What each text that isn't there now had counted in that word, if anything. */
  former(word: number): Iterable<[string, bigint]> {
    this.#meet();
    return this.#former.of(word);
  }

  get problems(): readonly ScxError[] {
    return this.#former.problems;
  }

  /** Around a reading, which frees the slots whose keys had gone at the one before, and may give them to others at once. */
  read(take: () => void): void {
    const { states } = this.#of;
    if (!states.includes(isGone)) {
      this.#isMet = false;
      take();
      return;
    }
    this.#meet();
    const gone = [...this.#gone()].map((slot) => ({ slot, sums: this.#of.sums(slot) }));
    try {
      this.#isMet = false;
      take();
    } finally {
      this.#release(gone.filter(({ slot }) => states[slot] !== isGone));
    }
  }

  #release(slots: readonly { slot: number; sums: KeySums }[]): void {
    const texts = new Set<string>();
    for (const { slot, sums } of slots) {
      const text = this.#texts.get(slot) ?? "";
      this.#texts.delete(slot);
      this.#slots.set(text, (this.#slots.get(text) ?? 1) - 1);
      this.#carried.set(text, added(sums, this.#carried.get(text)));
      texts.add(text);
    }
    this.#meet();
    for (const text of texts) {
      if ((this.#slots.get(text) ?? 0) > 0) continue;
      this.#slots.delete(text);
      this.#former.add(text, this.#carried.get(text) as KeySums);
      this.#carried.delete(text);
    }
  }

  /** Keys that came with the last readings. */
  #meet(): void {
    if (this.#isMet) return;
    this.#isMet = true;
    const { states } = this.#of;
    for (let slot = 0; slot < states.length; slot++) {
      if (states[slot] === 0 || this.#texts.has(slot)) continue;
      const text = this.#textOf(slot);
      this.#texts.set(slot, text);
      this.#slots.set(text, (this.#slots.get(text) ?? 0) + 1);
      const former = this.#former.size > 0 ? this.#former.take(text) : undefined;
      if (former) this.#carried.set(text, former);
    }
  }

  *#gone(): Generator<number> {
    const { states } = this.#of;
    for (let slot = states.indexOf(isGone); slot >= 0; slot = states.indexOf(isGone, slot + 1)) yield slot;
  }

  #textOf(slot: number): string {
    const { keys, keySize, format } = this.#of;
    return format.text(keys.slice(slot * keySize, (slot + 1) * keySize));
  }
}

/** Modulo 2^64. */
function added(sums: KeySums, more: KeySums | undefined): KeySums {
  if (!more) return sums;
  const all = new Map(more);
  for (const [word, sum] of sums) all.set(word, u64(sum + (more.get(word) ?? 0n)));
  return all;
}
