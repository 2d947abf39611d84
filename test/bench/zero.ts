// SPDX-License-Identifier: MIT
import { type Bench, type Comparison, place } from "./compare.js";
import { countExactly, intervals } from "./count_exactly.js";

const rounds = 5;
const events = 20_000_000;

/** What zeroing from user space loses while writers on all CPUs count: the price of `mode: "zero"`, which has no limit. */
export const bench: Bench = async () => {
  const comparisons: Comparison[] = [];
  for (const [form, what] of [
    ["struct", "one struct"],
    ["mapped", "mapped rows"],
  ] as const) {
    const lost: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { truth, consumers } = await countExactly(form, events, 0, { mode: "zero" });
      // They share one source; each event that is lost, all of them lack.
      lost.push((Math.abs(Number(truth - (consumers[0]?.sums.plain ?? 0n))) / Number(truth)) * 100);
    }
    comparisons.push({
      what: `lost or counted twice by mode zero of ${events.toLocaleString("en")} events that come without a pause, ${what}, read every ${intervals.join(", ")} ms`,
      where: place("this machine"),
      unit: "%",
      ours: lost,
    });
  }
  return { comparisons };
};
