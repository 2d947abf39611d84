// SPDX-License-Identifier: MIT
import { histogramBuckets, type Stat } from "../stats/schema.js";
import type { ReaderPlan } from "./plan.js";

/** A histogram that is made of other words: somebody's array of log2 buckets. */
export interface HistogramPlan {
  readonly stat: Stat;
  readonly place: string;
  /** The words that count its values, the smallest values first. */
  readonly buckets: readonly number[];
  /** Which of ours the first of them is: 0 has the zeros, i what is from 2^(i-1) to 2^i - 1. */
  readonly first: number;
  /** The word with the sum of the values; without it, the sum is reckoned from the middle of each bucket. */
  readonly sum?: number | undefined;
}

type Bound = ReturnType<ReaderPlan["bind"]>;

/** A histogram's words: its buckets, then the sum of all values. */
const width = histogramBuckets + 1;

/** What a value in that bucket is on average, if the bucket is evenly filled. */
const middle = (bucket: number): bigint =>
  bucket < 2 ? BigInt(bucket) : ((1n << BigInt(bucket - 1)) + (1n << BigInt(bucket)) - 1n) / 2n;

/** The same reader with histograms behind its own words. */
export function withHistograms(inner: Bound, histograms: readonly HistogramPlan[]): Bound {
  const words = new BigUint64Array(inner.words.length + histograms.length * width);
  const begins = histograms.map((_, i) => inner.words.length + i * width);
  const fill = () => {
    words.set(inner.words);
    histograms.forEach(({ buckets, first, sum }, i) => {
      const begin = begins[i] ?? 0;
      let reckoned = 0n;
      buckets.forEach((word, bucket) => {
        const count = inner.words[word] ?? 0n;
        words[begin + first + bucket] = count;
        if (sum === undefined) reckoned += count * middle(first + bucket);
      });
      words[begin + histogramBuckets] = sum === undefined ? reckoned : (inner.words[sum] ?? 0n);
    });
  };
  const { zero: _, ...rest } = inner; // their words are not the map's
  return {
    ...rest,
    words,
    index: [...inner.index, ...begins],
    take: () => {
      inner.take();
      fill();
    },
  };
}
