// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { CarriedKeys } from "../../../src/source/keyed.js";

const words = new BigUint64Array([7n, 9n]);

it("a key goes on from all that it had counted, with this scheduler and those before, there or gone", () => {
  const carried = new CarriedKeys();
  carried.keep(0, [{ key: "a", word: 0, start: 2n, carried: 3n }], words, [["b", 4n]]);
  carried.begin(words);
  const next = [
    { key: "a", word: 1, start: 1n },
    { key: "b", word: 0, start: 0n, carried: 1n },
  ];
  expect(carried.slots(0, next)).toEqual([
    { key: "a", word: 1, start: 10n, carried: 8n },
    { key: "b", word: 0, start: 7n, carried: 5n },
  ]);
  // Of those that went under the next scheduler it is added to what they had before.
  carried.keep(0, [], words, [["b", 10n]]);
  expect(carried.slots(0, next).map((slot) => slot.carried)).toEqual([8n, 15n]);
});

it("says how many are forgotten, who were there last being known", () => {
  const carried = new CarriedKeys();
  carried.keep(
    0,
    [{ key: "there", word: 0, start: 0n }],
    words,
    Array.from({ length: 65_537 }, (_, key): [string, bigint] => [`${key}`, 1n]),
  );
  expect(carried.problems[0]?.message).toMatch(/^What 2 keys of the schedulers before/);
  const known = carried.slots(
    0,
    ["0", "1", "2", "there"].map((key) => ({ key, word: 1, start: 0n })),
  );
  expect(known.map((slot) => slot.carried)).toEqual([0n, 0n, 1n, 7n]);
});
