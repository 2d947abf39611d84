// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { keysText, Loss } from "./loss.js";

/** Keys that have gone whose counts are known still, of one map: as many as are followed of it. */
const mostKeys = 65_536;
/** The same in words, where each CPU's counts are kept: what the readers of hashes take for keys that are there. */
const mostWords = 1 << 23;

/** What keys had counted that aren't there now, for when they come again: of the last that went, as there is no end of them. */
export class FormerKeys {
  /** By key, who went first before the others. */
  readonly #sums = new Map<string, BigUint64Array>();
  readonly #forgotten: Loss;
  #most = mostKeys;

  /** @param map whose keys they are */
  constructor(map: string) {
    this.#forgotten = new Loss((keys) => forgotten(`map ${map}`, keys, this.#most));
  }

  get size(): number {
    return this.#sums.size;
  }

  /** It has gone, having counted that in all, and came again never since {@link take}. */
  add(key: string, sums: BigUint64Array): void {
    this.#most = Math.max(1, Math.min(mostKeys, Math.floor(mostWords / sums.length)));
    while (this.#sums.size >= this.#most) {
      const [oldest = ""] = this.#sums.keys();
      this.#sums.delete(oldest);
      this.#forgotten.keys++;
    }
    this.#sums.set(key, sums);
  }

  /** It has come again. */
  take(key: string): BigUint64Array | undefined {
    const sums = this.#sums.get(key);
    this.#sums.delete(key);
    return sums;
  }

  /** What each had counted in that word. */
  *of(word: number): Generator<[string, bigint]> {
    for (const [key, sums] of this.#sums) yield [key, sums[word] ?? 0n];
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
