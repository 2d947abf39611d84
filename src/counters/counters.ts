// SPDX-License-Identifier: MIT
import { type NativeAccumulator, native } from "../native/index.js";

/**
 * Counters over a bound source of u64 words, with a baseline of their own: what each grew by since the last
 * {@link advance}, and the total. The arithmetic is modulo 2^64 and native; the arrays are bound once.
 */
export class Counters {
  readonly delta: BigUint64Array;
  readonly total: BigUint64Array;
  /** Takes over what the source says now. Needs no `this`. */
  readonly advance: () => void;
  readonly #accumulator: NativeAccumulator;

  /** @param used how many words of the source may not be 0, as one word; all unless given */
  constructor(source: BigUint64Array, used?: BigUint64Array) {
    this.delta = new BigUint64Array(source.length);
    this.total = new BigUint64Array(source.length);
    this.#accumulator = new native.Accumulator(source, this.delta, this.total, used);
    this.advance = this.#accumulator.advance;
  }

  /** The source begins again from zero; totals stay. */
  rebase(): void {
    this.#accumulator.rebase();
  }
}
