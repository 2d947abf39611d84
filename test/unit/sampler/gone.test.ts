// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { GoneKeys } from "../../../src/sampler/gone.js";

it("keeps what keys counted until it is handed out, for so many keys, and says how many there was no room for", () => {
  const gone = new GoneKeys();
  gone.add(0, "1", { total: 5n, delta: 2n });
  gone.add(1, "1", { total: 9n, delta: 9n });
  gone.add(0, "1", { total: 3n, delta: 3n }); // it had come back
  expect([...gone.of(0)]).toEqual([["1", { total: 3n, delta: 5n }]]);
  for (let key = 2; key < 65_540; key++) gone.add(0, `${key}`, { total: 1n, delta: 1n });
  expect([...gone.of(0)]).toHaveLength(65_535);
  expect(gone.problem?.message).toMatch(/^A consumer lost what 4 keys counted/);
  gone.clear();
  expect([[...gone.of(0)], [...gone.of(1)]]).toEqual([[], []]);
  gone.add(0, "1", { total: 1n, delta: 2n ** 64n - 1n });
  gone.add(0, "1", { total: 1n, delta: 3n });
  expect([...gone.of(0)]).toEqual([["1", { total: 1n, delta: 2n }]]); // as all counts
});
