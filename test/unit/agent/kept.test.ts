// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { keptNames } from "../../../src/agent/kept.js";
import { load } from "./config.js";

const limit = (above: number, name = "") =>
  `  - threshold: { metric: a, above: ${above} }\n${name && `    name: ${name}\n`}`;
const config = (detectors: string, on: string) =>
  load(`detectors:\n${detectors}actuators:\n  - switch: { object: simple }\n    on: [${on}]\n`);
const namesIn = ({ detectors, actuators }: Awaited<ReturnType<typeof load>>) => [
  ...detectors.map(({ name }) => name),
  actuators[0]?.on?.join(),
];

it("names that the file doesn't give stay where they were, and those who are answered are the same", async () => {
  const first = await config(limit(1) + limit(2), "threshold_2");
  expect(namesIn(first)).toEqual(["threshold", "threshold_2", "threshold_2"]);
  const next = keptNames(await config(limit(3) + limit(2) + limit(1), "threshold_2"), first);
  expect(namesIn(next)).toEqual(["threshold_3", "threshold_2", "threshold", "threshold_2"]);
  const last = keptNames(await config(limit(2) + limit(3), "threshold, threshold_2"), next);
  expect(namesIn(last)).toEqual(["threshold_2", "threshold_3", "threshold_2,threshold_3"]);
});

it("a name that the file gives is that one's", async () => {
  const first = await config(limit(1), "threshold");
  const next = keptNames(await config(limit(2, "threshold") + limit(1), "threshold"), first);
  expect(namesIn(next)).toEqual(["threshold", "threshold_2", "threshold"]);
});

it("several of which the file says the same are as many", async () => {
  const first = await config(limit(1) + limit(1), "threshold");
  expect(new Set(first.detectors.map(({ key }) => key)).size).toBe(2);
  const next = keptNames(await config(limit(2) + limit(1) + limit(1), "threshold"), first);
  expect(namesIn(next)).toEqual(["threshold_3", "threshold", "threshold_2", "threshold_3"]);
});
