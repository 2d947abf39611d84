// SPDX-License-Identifier: MIT
import { endianness } from "node:os";
import { type NativeAccumulator, native } from "../native/index.js";

/** What most counters grow by within an interval: nothing, or a little. The same objects each time, as a bigint is one. */
const little = Array.from({ length: 1024 }, (_, count) => BigInt(count));

const [low, high] = endianness() === "LE" ? [0, 1] : [1, 0];

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
  /** The deltas, by their halves. */
  readonly #halves: Uint32Array;

  /** @param used how many words of the source may not be 0, as one word; all unless given */
  constructor(source: BigUint64Array, used?: BigUint64Array) {
    this.delta = new BigUint64Array(source.length);
    this.total = new BigUint64Array(source.length);
    this.#halves = new Uint32Array(this.delta.buffer);
    this.#accumulator = new native.Accumulator(source, this.delta, this.total, used);
    this.advance = this.#accumulator.advance;
  }

  /** A word's delta; a small one at no cost. */
  deltaAt(word: number): bigint {
    const delta = this.#halves[2 * word + low] as number;
    const isLittle = delta < little.length && this.#halves[2 * word + high] === 0;
    return (isLittle ? little[delta] : this.delta[word]) as bigint;
  }

  /** The source begins again from zero; totals stay. */
  rebase(): void {
    this.#accumulator.rebase();
  }
}
