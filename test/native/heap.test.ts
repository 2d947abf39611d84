// SPDX-License-Identifier: MIT
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { BpfObject } from "../../src/index.js";
import { testObject } from "../objects.js";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Bytes in the space where new objects begin. */
const young = (): number =>
  getHeapSpaceStatistics().find((one) => one.space_name === "new_space")?.space_used_size ?? 0;

/**
 * Bytes that each of so many calls allocates. Objects stay where they were made until the space is full, which takes megabytes; so
 * what it grows by is added up every thousand calls, less what the look itself takes.
 */
function allocated(call: () => void, times: number): number {
  for (let i = 0; i < 20_000; i++) call(); // compiled by now
  gc();
  let sum = 0;
  for (let part = 0; part < times / 1000; part++) {
    const before = young();
    const look = young() - before;
    for (let i = 0; i < 1000; i++) call();
    sum += Math.max(0, young() - before - 2 * look); // less than nothing: it was collected meanwhile
  }
  return sum / times;
}

it.each([
  ["wide", 1_000_000],
  ["wide_mapped", 1_000_000],
  ["wide_keys", 20_000], // a batch takes a hundred times as long
])("snapshots of %s allocate nothing, %d times", async (name, times) => {
  await using loaded = await (await BpfObject.open(testObject(name))).load();
  const { stats } = loaded;
  stats.refresh();
  // The smallest object takes 12 bytes.
  expect(allocated(() => stats.refresh(), times)).toBeLessThan(1);
});

it("would notice one object in each of a million calls", () => {
  const held: object[] = [{}];
  const call = () => {
    held[0] = {};
  };
  expect(allocated(call, 1_000_000)).toBeGreaterThan(8);
});
