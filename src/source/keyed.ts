// SPDX-License-Identifier: MIT
import type { ScxError } from "../error.js";
import { u64 } from "../stats/u64.js";
import { forgotten } from "./former_keys.js";
import { Loss } from "./loss.js";
import type { Slot } from "./reader.js";

/** Keys of a dictionary whose totals are kept for the next scheduler: as many as are followed of a map. */
const mostCarried = 65_536;

/** What each key has, modulo 2^64: what it counted over the whole run, or a level. Those of one text together. */
export function keySums(slots: readonly Slot[], words: BigUint64Array): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { key, word, start, carried = 0n } of slots)
    sums.set(key, u64((sums.get(key) ?? 0n) + (words[word] ?? 0n) - start + carried));
  return sums;
}

/** Keys that something is forgotten of: at one turn each counts once, of however many statistics and CPUs that is. */
export class ForgottenKeys {
  readonly #loss = new Loss((keys) => forgotten("the schedulers before", keys, mostCarried));
  readonly #ofTurn = new Set<string>();

  add(key: string): void {
    if (this.#ofTurn.has(key)) return;
    this.#ofTurn.add(key);
    this.#loss.keys++;
  }

  /** Another turn comes. */
  begin(): void {
    this.#ofTurn.clear();
  }

  get problems(): readonly ScxError[] {
    return this.#loss.problems;
  }
}

/** What keys had counted before the present scheduler's turn: a key's total goes on where it comes again. */
export class CarriedKeys {
  readonly #totals = new Map<number, Map<string, bigint>>();
  /** The run's words, as they were when the turn came. */
  #before: BigUint64Array = new BigUint64Array();
  readonly #forgotten: ForgottenKeys;

  constructor(forgotten: ForgottenKeys) {
    this.#forgotten = forgotten;
  }

  /** Slots of the present scheduler, as they are in the run's words. @param dictionary any number that is its own */
  slots(dictionary: number, slots: readonly Slot[]): readonly Slot[] {
    const carried = this.#totals.get(dictionary);
    const given = new Set<string>(); // by text: of several keys with one, the first has it
    return slots.map((slot) => {
      const { key, word, start } = slot;
      const before = given.has(key) ? undefined : carried?.get(key);
      if (before !== undefined) given.add(key);
      // What earlier schedulers of the run put into the same word was no other's.
      const began = u64(start + (this.#before[word] ?? 0n));
      return { key, word, start: began, carried: u64((slot.carried ?? 0n) + (before ?? 0n)) };
    });
  }

  /**
   * Another scheduler is about to follow.
   * @param slots as {@link slots} has them
   * @param former what keys counted with the present scheduler that have gone
   */
  keep(
    dictionary: number,
    slots: readonly Slot[],
    words: BigUint64Array,
    former: Iterable<[string, bigint]> = [],
  ): void {
    const all = this.#totals.get(dictionary) ?? new Map<string, bigint>();
    // Those that didn't come with this one may come with the next, but not for ever: who was there last is kept.
    const put = (key: string, total: bigint) => {
      all.delete(key);
      if (total > 0n) all.set(key, total);
    };
    for (const [key, counted] of former) put(key, u64(counted + (all.get(key) ?? 0n)));
    for (const [key, total] of keySums(slots, words)) put(key, total);
    for (const key of all.keys()) {
      if (all.size <= mostCarried) break;
      all.delete(key);
      this.#forgotten.add(key);
    }
    this.#totals.set(dictionary, all);
  }

  /** The next one's turn comes, while the run has these words. */
  begin(words: BigUint64Array): void {
    this.#before = words.slice();
  }

  clear(): void {
    this.#totals.clear();
  }
}
