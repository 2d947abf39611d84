// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { perSecond, share } from "../../../src/index.js";

it("gives rates of any length of interval", () => {
  expect(perSecond(500n, 1_000_000_000n)).toBe(500);
  expect(perSecond(500n, 250_000_000n)).toBe(2000);
  expect(perSecond(2n ** 63n, 1_000_000_000n)).toBe(2 ** 63);
  expect(perSecond(5n, 0n)).toBe(0);
});

it("gives shares of a whole, and of nothing", () => {
  expect(share(25n, 100n)).toBe(0.25);
  expect(share(2n ** 64n - 1n, 2n ** 64n - 1n)).toBe(1);
  expect(share(0n, 0n)).toBe(0);
});
