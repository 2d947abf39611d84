// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { GoneKeys } from "../../../src/sampler/gone.js";

const logged: string[] = [];
const listen = (record: unknown) => void logged.push((record as LogRecord).text);
beforeEach(() => subscribe("scxkit:log", listen));
afterEach(() => {
  unsubscribe("scxkit:log", listen);
  logged.length = 0;
});

it("keeps what keys counted until it is handed out, for so many keys, and says how many there was no room for", () => {
  const gone = new GoneKeys();
  gone.add(0, "1", { total: 5n, delta: 2n });
  gone.add(1, "1", { total: 9n, delta: 9n });
  gone.add(0, "1", { total: 3n, delta: 3n }); // it had come back
  expect([...gone.of(0)]).toEqual([["1", { total: 3n, delta: 5n }]]);
  for (let key = 2; key < 65_540; key++) gone.add(0, `${key}`, { total: 1n, delta: 1n });
  expect([...gone.of(0)]).toHaveLength(65_535);
  expect(gone.problem?.message).toMatch(/^A consumer lost what 4 keys counted/);
  expect(logged).toEqual([]);
  gone.clear();
  // When the sample comes that lacks them, and not again with each.
  expect(logged).toEqual(["A consumer lost what 4 keys counted, which had gone when it read."]);
  gone.add(0, "1", { total: 1n, delta: 1n });
  gone.clear();
  expect(logged).toHaveLength(1);
  expect([[...gone.of(0)], [...gone.of(1)]]).toEqual([[], []]);
  gone.add(0, "1", { total: 1n, delta: 2n ** 64n - 1n });
  gone.add(0, "1", { total: 1n, delta: 3n });
  expect([...gone.of(0)]).toEqual([["1", { total: 1n, delta: 2n }]]); // as all counts
});
