// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { keysText, Loss } from "./loss.js";

/** What a key has counted, by word; most CPUs have counted nothing of it, and what is 0 isn't there. */
export type KeySums = ReadonlyMap<number, bigint>;

/** Keys that have gone whose counts are known still, of one map: as many as are followed of it. */
const mostKeys = 65_536;
/** The same in words that aren't 0, of some 70 bytes each, where each CPU's counts are kept. */
const mostWords = 1 << 20;

/** What keys had counted that aren't there now, for when they come again: of the last that went, as there is no end of them. */
export class FormerKeys {
  /** By key, who went first before the others. */
  readonly #sums = new Map<string, KeySums>();
  /** In all of them. */
  #words = 0;
  readonly #forgotten: Loss;

  /** @param map whose keys they are */
  constructor(map: string) {
    this.#forgotten = new Loss((keys) => forgotten(`map ${map}`, keys, this.#sums.size));
  }

  get size(): number {
    return this.#sums.size;
  }

  /** It has gone, having counted that in all, and came again never since {@link take}. */
  add(key: string, sums: KeySums): void {
    this.#sums.set(key, sums);
    this.#words += sums.size;
    while (this.#sums.size > 1 && (this.#sums.size > mostKeys || this.#words > mostWords)) {
      const [oldest = ""] = this.#sums.keys();
      this.take(oldest);
      this.#forgotten.keys++;
    }
  }

  /** It has come again. */
  take(key: string): KeySums | undefined {
    const sums = this.#sums.get(key);
    this.#sums.delete(key);
    this.#words -= sums?.size ?? 0;
    return sums;
  }

  /** What those had counted in that word that had counted anything there. */
  *of(word: number): Generator<[string, bigint]> {
    for (const [key, sums] of this.#sums) {
      const sum = sums.get(word);
      if (sum !== undefined) yield [key, sum];
    }
  }

  get problems(): readonly ScxError[] {
    return this.#forgotten.problems;
  }
}

/** That keys are forgotten. @param of what they are keys of @param most how many are not */
export const forgotten = (of: string, keys: number, most: number): ScxError =>
  new ScxError("ERR_SCX_MAP_READ", {
    op: "read",
    message: `What ${keysText(keys)} of ${of} had counted before they went is forgotten: if they come again, their totals begin at zero.`,
    remedy: `Of the last ${most} that went it is known what they had counted; deltas are right in any case.`,
  });
