// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { countExactly, type forms } from "../bench/count_exactly.js";

// make bench has the same with 100 million events.
it.each<[keyof typeof forms, number, string[]]>([
  ["struct", 1_000_000, ["plain", "atomic"]],
  ["mapped", 1_000_000, ["plain", "atomic"]],
  ["keys", 200_000, ["event_stats"]],
])("every event is in one sample of each consumer, while CPUs go off and on: %s", async (form, events, stats) => {
  const { truth, consumers } = await countExactly(form, events, 3, { by: ["cpu"] });
  expect(truth).toBe(BigInt(events));
  const names = stats.flatMap((name) => [name, `${name} by cpu`]);
  for (const { sums } of consumers) expect(sums).toEqual(Object.fromEntries(names.map((name) => [name, truth])));
  expect(consumers[0]?.samples).toBeGreaterThan(2);
  expect(readFileSync("/sys/devices/system/cpu/online", "utf8").trim()).toBe("0-1");
});
