// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { expect, it } from "vitest";
import { possibleCpus } from "../../src/kernel/cpus.js";
import { type NativeMap, type NativeObject, native } from "../../src/native/index.js";
import { grownObject, testObject } from "../objects.js";

const cpus = possibleCpus().length;

/** How many BPF programs this process holds. */
const programs = (): number => readdirSync("/proc/self/fd").filter((fd) => linkOf(fd) === "anon_inode:bpf-prog").length;

function linkOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined; // the one that the folder was read by
  }
}

/** The first per-CPU map of an object, with so many entries, each of whose CPUs has other words; and the sums by BigInt. */
async function filled(path: string, entries: number, words: number): Promise<{ map: NativeMap; sums: bigint[] }> {
  const object = (await native.Object.open(path, "kernel_sum", {})) as NativeObject;
  const number = object
    .maps()
    .findIndex(({ maxEntries, name }) => maxEntries > 0 && /^(key|row|scx)_stats$/.test(name));
  object.setMaxEntries(number, entries);
  await object.load();
  const map = object.map(number);
  const sums: bigint[] = [];
  for (let entry = 0; entry < entries; entry++) {
    const values = BigUint64Array.from({ length: words * cpus }, (_, i) => BigInt(i + 1) ** 3n * BigInt(entry + 1));
    values[0] = 2n ** 64n - BigInt(entry + 1); // sums wrap
    map.update(new Uint8Array(Uint32Array.of(entry).buffer), new Uint8Array(values.buffer), 0);
    for (let word = 0; word < words; word++) {
      let sum = 0n;
      for (let cpu = 0; cpu < cpus; cpu++) sum += values[cpu * words + word] ?? 0n;
      sums.push(BigInt.asUintN(64, sum));
    }
  }
  return { map, sums };
}

it.each([
  ["many integers", testObject("wide_keys"), 256, 1],
  ["two structs", testObject("wide"), 2, 256],
  ["a struct that is large over all CPUs", grownObject("struct", 1024), 1, 1024],
])("%s are summed in the kernel, as they are here once each CPU's are asked for", async (_, path, entries, words) => {
  const { map, sums } = await filled(path, entries, words);
  const before = programs();
  const snapshot = new native.Snapshot(map, {});
  expect(programs()).toBe(before + 1);
  for (let reading = 0; reading < 3; reading++) {
    snapshot.take();
    expect([...snapshot.sums]).toEqual(sums);
  }

  const grouped = snapshot.group(new Uint32Array(cpus)); // all in one
  snapshot.take();
  expect([...snapshot.sums]).toEqual(sums);
  expect([...grouped]).toEqual(sums);
  expect(programs()).toBe(before);
});

it("takes the words that leaves say, in their order", async () => {
  const { map, sums } = await filled(testObject("wide"), 2, 256);
  const before = programs();
  const snapshot = new native.Snapshot(map, { leaves: Uint32Array.of(2040, 8, 0, 8, 8, 0) });
  expect(programs()).toBe(before + 1);
  snapshot.take();
  expect([...snapshot.sums]).toEqual([sums[255], sums[1], sums[511], sums[257]]);
});

it("takes no memory for what each CPU has until that is asked for", async () => {
  const entries = 1 << 15;
  const { map } = await filled(testObject("wide_keys"), entries, 1);
  const held = () => Number(/^VmData:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
  const before = held();
  const snapshots = Array.from({ length: 32 }, () => new native.Snapshot(map, {}));
  for (const snapshot of snapshots) snapshot.take();
  const perSnapshot = (held() - before) / snapshots.length;
  expect(perSnapshot).toBeLessThan(2 * 8 * entries); // twice its sums
});

it("a map that is closed isn't kept by what sums it", async () => {
  const { map } = await filled(testObject("wide_keys"), 256, 1);
  const before = programs();
  const snapshot = new native.Snapshot(map, {});
  expect(programs()).toBe(before + 1);
  map.close();
  expect(programs()).toBe(before);
  expect(() => snapshot.take()).toThrow("the map is closed");
});

it("what is small, or has narrow integers, is read as it ever was", async () => {
  const { map } = await filled(testObject("wide_keys"), 256, 1);
  const { map: small } = await filled(testObject("wide"), 1, 256);
  const before = programs();
  new native.Snapshot(map, { leaves: Uint32Array.of(0, 4, 0) }).take();
  if (cpus < 8) new native.Snapshot(small, {}).take();
  expect(programs()).toBe(before);
});
