// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { CarriedKeys, ForgottenKeys } from "../../../src/source/keyed.js";

const words = new BigUint64Array([7n, 9n]);

it("a key goes on from all that it had counted, with this scheduler and those before, there or gone", () => {
  const carried = new CarriedKeys(new ForgottenKeys());
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
  const forgotten = new ForgottenKeys();
  const carried = new CarriedKeys(forgotten);
  carried.keep(
    0,
    [{ key: "there", word: 0, start: 0n }],
    words,
    Array.from({ length: 65_537 }, (_, key): [string, bigint] => [`${key}`, 1n]),
  );
  expect(forgotten.problems[0]?.message).toMatch(/^What 2 keys of the schedulers before/);
  const known = carried.slots(
    0,
    ["0", "1", "2", "there"].map((key) => ({ key, word: 1, start: 0n })),
  );
  expect(known.map((slot) => slot.carried)).toEqual([0n, 0n, 1n, 7n]);
});

it("a key that several statistics and CPUs forget counts once", () => {
  const forgotten = new ForgottenKeys();
  const ofCpus = new CarriedKeys(forgotten);
  const keys = Array.from({ length: 65_538 }, (_, key): [string, bigint] => [`${key}`, 1n]);
  for (const dictionary of [0, 1]) ofCpus.keep(dictionary, [], words, keys);
  new CarriedKeys(forgotten).keep(0, [], words, keys.slice(1));
  expect(forgotten.problems.map(({ message }) => message)).toEqual([expect.stringMatching(/^What 2 keys/)]);
  forgotten.begin();
  ofCpus.keep(0, [], words, [["a", 1n]]);
  expect(forgotten.problems[0]?.message).toMatch(/^What 3 keys/);
});
