// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { possibleCpus } from "../../src/kernel/cpus.js";
import { type NativeObject, native } from "../../src/native/index.js";
import { testObject } from "../objects.js";

const entries = 256;

it("CPUs that the machine may get but hasn't are summed in the kernel too", async ({ skip }) => {
  const [possible, present] = ["possible", "present"].map((set) =>
    readFileSync(`/sys/devices/system/cpu/${set}`, "utf8"),
  );
  skip(present === possible, "this machine has all the CPUs that it may have; the smoke run's hasn't");
  const cpus = possibleCpus().length;
  const object = (await native.Object.open(testObject("wide_keys"), "absent_cpus", {})) as NativeObject;
  const number = object.maps().findIndex(({ name }) => name === "key_stats");
  object.setMaxEntries(number, entries);
  await object.load();
  const map = object.map(number);
  /** Each CPU has `step` times its number and one in each entry. */
  const fill = (step: number) => {
    const values = new BigUint64Array(cpus).map((_, cpu) => BigInt(step * (cpu + 1)));
    for (let entry = 0; entry < entries; entry++)
      map.update(new Uint8Array(Uint32Array.of(entry).buffer), new Uint8Array(values.buffer), 0);
  };
  const snapshot = new native.Snapshot(map, {});
  const all = () => {
    snapshot.take();
    expect(new Set(snapshot.sums).size).toBe(1);
    return snapshot.sums[entries - 1];
  };
  const count = (from: number, to: number, step: number) => {
    let sum = 0n;
    for (let cpu = from; cpu < to; cpu++) sum += BigInt(step * (cpu + 1));
    return sum;
  };
  // While a scheduler may write what it begins with: at once.
  for (let step = 1; step <= 8; step++) {
    fill(step);
    expect(all()).toBe(count(0, cpus, step));
  }
  // Later those that are there at once, the others now and then.
  fill(9);
  const there = presentCpus(present as string);
  expect(all()).toBe(count(0, there, 9) + count(there, cpus, 8));
  for (let reading = 0; reading < 64 && all() !== count(0, cpus, 9); reading++);
  expect(all()).toBe(count(0, cpus, 9));
});

/** How many there are, of `0-1`. */
const presentCpus = (list: string): number => Number(list.trim().split("-").at(-1)) + 1;
