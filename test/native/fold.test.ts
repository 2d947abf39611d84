// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type NativeMap, type NativeObject, native } from "../../src/native/index.js";
import { program } from "../bench/compare.js";
import { testObject } from "../objects.js";

/** A section with 2 MiB of room for rows, whatever they count, each u64 of its own value. */
async function filledSection(): Promise<{ map: NativeMap; words: BigUint64Array }> {
  const object = (await native.Object.open(testObject("wide_mapped"), "wide_mapped", {})) as NativeObject;
  await object.load();
  const map = object.map(object.maps().findIndex((one) => one.name.includes(".bss.scx_")));
  const words = BigUint64Array.from({ length: 65_536 }, (_, i) => BigInt(i) ** 4n);
  words[0] = 2n ** 64n - 1n; // sums wrap
  map.writeMapped(0, new Uint8Array(words.buffer));
  return { map, words };
}

/** The same by BigInt: each word, summed over rows that are `stride` words apart. */
const sums = (words: BigUint64Array, at: number, stride: number, count: number, width = stride): bigint[] =>
  Array.from({ length: width }, (_, word) => {
    let sum = 0n;
    for (let row = 0; row < count; row++) sum += words[at + row * stride + word] ?? 0n;
    return BigInt.asUintN(64, sum);
  });

it("sums any number of rows of any width, from any place", async () => {
  const { map, words } = await filledSection();
  for (const stride of [1, 2, 3, 7, 8, 256])
    for (const count of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 128])
      for (const at of [0, 1, 5]) {
        const rows = { offset: at * 8, stride: stride * 8, count };
        const snapshot = new native.Snapshot(map, { rows });
        snapshot.take();
        expect([...snapshot.sums], JSON.stringify(rows)).toEqual(sums(words, at, stride, count));
      }
});

it("takes leaves that are the value's own words for what they are, and others apart", async () => {
  const { map, words } = await filledSection();
  const fold = (leaves: number[]) => {
    const rows = { offset: 0, stride: 32, count: 6 };
    const snapshot = new native.Snapshot(map, { rows, leaves: Uint32Array.from(leaves) });
    snapshot.take();
    return [...snapshot.sums];
  };
  const all = sums(words, 0, 4, 6);
  expect(fold([0, 8, 0, 8, 8, 0, 16, 8, 0, 24, 8, 0])).toEqual(all);
  expect(fold([0, 8, 0, 8, 8, 0])).toEqual(all.slice(0, 2)); // not the whole value
  expect(fold([24, 8, 0, 16, 8, 0, 8, 8, 0, 0, 8, 0])).toEqual([...all].reverse());
  const low = Array.from({ length: 6 }, (_, row) => (words[row * 4 + 1] ?? 0n) & 0xffffffffn);
  expect(fold([8, 4, 0])).toEqual([low.reduce((sum, one) => sum + one, 0n)]);
});

it("what groups have adds up to the sums, while others count in the same memory", async () => {
  const object = (await native.Object.open(testObject("events_mapped"), "events_mapped", {})) as NativeObject;
  await object.load();
  const map = object.map(object.maps().findIndex((one) => one.name.includes(".bss.scx_")));
  const snapshot = new native.Snapshot(map, { rows: { offset: 0, stride: 64, count: 8 } });
  const grouped = snapshot.group(Uint32Array.of(0, 1, 2, 3, 0, 1, 2, 3));
  let over = false;
  const counted = promisify(execFile)(program("writer"), [map.info().id, 4_000_000, 1000, 0].map(String)).finally(
    () => {
      over = true;
    },
  );
  while (!over) {
    for (let reading = 0; reading < 1000; reading++) {
      snapshot.take();
      const { sums } = snapshot;
      const ofGroups = [...sums.keys()].map((word) =>
        [0, 8, 16, 24].reduce((sum, at) => sum + (grouped[at + word] ?? 0n), 0n),
      );
      if (ofGroups.some((sum, word) => sum !== sums[word])) expect(ofGroups).toEqual([...sums]);
    }
    await new Promise(setImmediate);
  }
  snapshot.take();
  expect(snapshot.sums[0]).toBe(BigInt((await counted).stdout.trim()));
});
