// SPDX-License-Identifier: MIT
import { type Bench, type Comparison, place } from "./compare.js";
import { countExactly, type forms } from "./count_exactly.js";

/** How often a CPU goes off and comes back. */
const cycles = 20;

/** How many events, and how each is counted. */
const ways: readonly { form: keyof typeof forms; events: number; what: string }[] = [
  { form: "struct", events: 100_000_000, what: "one struct" },
  { form: "mapped", events: 100_000_000, what: "mapped rows" },
  { form: "keys", events: 20_000_000, what: "a hash of 64 keys" },
];

/**
 * Writers on all CPUs count events while CPUs go off and come back, and each of three consumers adds up what it is told: how far
 * is that from the truth?
 */
export const bench: Bench = async () => {
  const comparisons: Comparison[] = [];
  for (const { form, events, what } of ways) {
    const { truth, consumers } = await countExactly(form, events, cycles);
    if (truth !== BigInt(events)) throw new Error(`${truth} of ${events} events were counted`);
    const errors = consumers.flatMap(({ sums }) => Object.values(sums).map((sum) => Math.abs(Number(sum - truth))));
    const samples = consumers.map((one) => one.samples).join(", ");
    comparisons.push({
      what: `lost or counted twice of ${truth.toLocaleString("en")} events, ${what}, three consumers with ${samples} samples, a CPU off and on ${cycles} times`,
      where: place("kernel VM"),
      unit: "events",
      limit: { atMost: 0 },
      ours: [Math.max(...errors)],
    });
  }
  return { comparisons };
};
