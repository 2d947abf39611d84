// SPDX-License-Identifier: MIT
import { type HistogramCounts, histogramBuckets, type Stat } from "../stats/schema.js";
import type { ReaderPlan } from "./plan.js";
import type { CpuWords } from "./reader.js";

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

/** What the words from `at` on say: buckets, then the sum of all values. */
export function countsAt(words: BigUint64Array, at: number): HistogramCounts {
  const buckets = [...words.subarray(at, at + histogramBuckets)];
  return { count: buckets.reduce((sum, one) => sum + one, 0n), sum: words[at + histogramBuckets] ?? 0n, buckets };
}

/** The same reader with histograms behind its own words. */
export function withHistograms(inner: Bound, histograms: readonly HistogramPlan[]): Bound {
  const own = inner.words.length;
  const begins = histograms.map((_, i) => own + i * width);
  const whole = own + histograms.length * width;
  const words = new BigUint64Array(whole);
  const fill = (from: BigUint64Array, to: BigUint64Array) => {
    to.set(from);
    histograms.forEach(({ buckets, first, sum }, i) => {
      const begin = begins[i] ?? 0;
      let reckoned = 0n;
      buckets.forEach((word, bucket) => {
        const count = from[word] ?? 0n;
        to[begin + first + bucket] = count;
        if (sum === undefined) reckoned += count * middle(first + bucket);
      });
      to[begin + histogramBuckets] = sum === undefined ? reckoned : (from[sum] ?? 0n);
    });
  };
  /** What is filled, and from what: the sums, then each CPU's row. */
  const filled = [{ from: inner.words, to: words }];
  const ofCpus = ({ words: from, cpus }: CpuWords): CpuWords => {
    const to = new BigUint64Array(cpus.length * whole);
    for (const row of cpus.keys())
      filled.push({ from: from.subarray(row * own, (row + 1) * own), to: to.subarray(row * whole, (row + 1) * whole) });
    return { words: to, width: whole, cpus };
  };
  const { zero: _, spoiled: __, byCpu, ...rest } = inner; // their words are not the map's
  return {
    ...rest,
    words,
    index: [...inner.index, ...begins],
    take: () => {
      inner.take();
      for (const { from, to } of filled) fill(from, to);
    },
    ...(byCpu && { byCpu: () => ofCpus(byCpu()) }),
  };
}
