// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Counters } from "../../../src/counters/counters.js";

it("counters grow by what their source did, modulo 2^64", () => {
  const source = new BigUint64Array([5n, 2n ** 64n - 1n]);
  const { advance, delta, total } = new Counters(source);
  advance();
  expect([...delta]).toEqual([5n, 2n ** 64n - 1n]);
  source.set([7n, 1n]);
  advance();
  expect([...delta, ...total]).toEqual([2n, 2n, 7n, 1n]);
});

it("a counter's delta is the same by itself, whatever its size", () => {
  const sizes = [0n, 1n, 1023n, 1024n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 5n, 2n ** 63n, 2n ** 64n - 1n];
  const counters = new Counters(new BigUint64Array(sizes));
  counters.advance();
  expect(sizes.map((_, word) => counters.deltaAt(word))).toEqual(sizes);
});

it("counters that begin again keep their total", () => {
  const source = new BigUint64Array([5n]);
  const counters = new Counters(source);
  counters.advance();
  counters.rebase();
  source[0] = 3n;
  counters.advance();
  expect([counters.delta[0], counters.total[0]]).toEqual([3n, 8n]);
});

it("counters whose source was transferred away say so, and stay as they are", () => {
  const source = new BigUint64Array([5n]);
  const counters = new Counters(source);
  counters.advance();
  structuredClone(source, { transfer: [source.buffer] });
  expect(() => counters.advance()).toThrow("the bound array's buffer was transferred away");
  expect([...counters.total]).toEqual([5n]);
});
