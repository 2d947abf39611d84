// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { CheckedSource } from "../../../src/agent/checked_source.js";
import type { PlainValues, ValueSource } from "../../../src/source/values.js";

const schema: ValueSource["schema"] = {
  name: "mine",
  stats: [
    { name: "done", kind: "counter" },
    { name: "depth", kind: "gauge", type: "u64" },
  ],
};
const reading = (values: unknown) => new CheckedSource({ name: "mine", schema, read: () => values as PlainValues });

describe("a user's source", () => {
  it.each([
    ["a number for a counter", { done: 2.5 }, /^Statistic done is 2\.5, and should be a bigint/],
    ["a text for a gauge", { done: 1n, depth: "str" }, /^Statistic depth is "str", and should be a bigint/],
    ["what isn't declared", { done: 1n, other: 1n }, /^Statistic other is 1, and should be declared/],
    ["a promise", Promise.resolve({ done: 1n }), /^Its read\(\) gives no object of values/],
    ["no object", 5, /^Its read\(\) gives no object of values/],
  ])("is refused: %s", (_, values, message) => {
    expect(() => reading(values).read()).toThrow(
      expect.objectContaining({ code: "ERR_SCX_VALUE", message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ["all of it", { done: 1n, depth: 2n }],
    ["what isn't there on this machine left out", { done: 1n, depth: undefined }],
    ["nothing", undefined],
  ])("goes through as it is: %s", (_, values) => expect(reading(values).read()).toBe(values));

  it("may fail to close", () => {
    const close = () => {
      throw new Error("broken");
    };
    expect(() => new CheckedSource({ name: "mine", schema, read: () => undefined, close }).close()).not.toThrow();
  });
});
