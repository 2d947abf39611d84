// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { untypedValues } from "../../../src/stats/untyped.js";

it("takes values for what they look like", () => {
  const reply = {
    n: 1n,
    f: 0.5,
    t: "x",
    yes: true,
    none: null,
    list: [1n, [2n]],
    dict: { 10: { a: 1n } },
    group: { a: 1n },
  };
  expect(untypedValues(reply)).toEqual({
    n: { value: 1n },
    f: { value: 0.5 },
    t: { value: "x" },
    yes: { value: "true" },
    none: { value: "null" },
    list: { items: [{ value: 1n }, { items: [{ value: 2n }] }] },
    dict: { entries: { 10: { fields: { a: { value: 1n } } } } },
    group: { fields: { a: { value: 1n } } },
  });
  expect(untypedValues(3n)).toEqual({ value: { value: 3n } });
});
