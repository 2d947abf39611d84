// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { maxDepth, stringify, type WireValue } from "../../../src/protocol/json.js";

describe("floats, as serde_json writes them", () => {
  test.each([
    [0, "0.0"],
    [-0, "-0.0"],
    [1, "1.0"],
    [-1, "-1.0"],
    [1234.5, "1234.5"],
    [5.678, "5.678"],
    [0.1 + 0.2, "0.30000000000000004"],
    [1e-5, "0.00001"],
    [1.5e-5, "0.000015"],
    [9.999999999999999e-6, "9.999999999999999e-6"],
    [1e-6, "1e-6"],
    [1e-7, "1e-7"],
    [1e15, "1000000000000000.0"],
    [2 ** 53, "9007199254740992.0"],
    [9999999999999998, "9999999999999998.0"],
    [1e16, "1e16"],
    [-1e16, "-1e16"],
    [123456789012345680, "1.2345678901234568e17"],
    [1e20, "1e20"],
    [1e21, "1e21"],
    [1.5e300, "1.5e300"],
    [Number.MAX_VALUE, "1.7976931348623157e308"],
    [Number.MIN_VALUE, "5e-324"],
  ])("%d is %s", (value, text) => {
    expect(stringify(value)).toBe(text);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is refused", (value) => {
    expect(() => stringify({ load: [1, value] })).toThrow(
      expect.objectContaining({ code: "ERR_SCX_VALUE", message: expect.stringContaining("load.1") }),
    );
  });
});

describe("integers", () => {
  test.each([0n, -1n, 2n ** 53n + 1n, 2n ** 64n - 1n, -(2n ** 63n)])("%d has all its digits", (value) => {
    expect(stringify(value)).toBe(`${value}`);
  });

  test.each([2n ** 64n, -(2n ** 63n) - 1n])("%d is refused", (value) => {
    expect(() => stringify(value)).toThrow(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
  });

  test("typed arrays of 64-bit values are lists of them", () => {
    expect(stringify(new BigUint64Array([2n ** 64n - 1n, 0n]))).toBe("[18446744073709551615,0]");
    expect(stringify(new BigInt64Array([-1n]))).toBe("[-1]");
    expect(stringify(new Float64Array([1, 0.5]))).toBe("[1.0,0.5]");
    expect(() => stringify(new Uint32Array([1]))).toThrow(/Uint32Array/);
  });
});

describe("strings", () => {
  test("control characters, quotes and backslashes are escaped, nothing else", () => {
    expect(stringify('\b\f\n\r\t"\\/')).toBe('"\\b\\f\\n\\r\\t\\"\\\\/"');
    expect(stringify("\u0000\u0001\u001f\u007f")).toBe('"\\u0000\\u0001\\u001f\u007f"');
    expect(stringify("ä€😀\u2028")).toBe('"ä€😀\u2028"');
  });

  test.each(["\ud800", "a\udc00b", "\udc00\ud800"])("half a surrogate pair is refused: %j", (text) => {
    expect(() => stringify(text)).toThrow(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
    expect(() => stringify({ [text]: 1n })).toThrow(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
  });
});

describe("dictionaries", () => {
  test("keys are sorted as strings", () => {
    expect(stringify({ 3: 1n, 10: 2n, 1: 3n, b: 4n, a: 5n })).toBe('{"1":3,"10":2,"3":1,"a":5,"b":4}');
    expect(
      stringify(
        new Map<string | bigint, WireValue>([
          [3n, 1n],
          [10n, 2n],
          ["a", true],
        ]),
      ),
    ).toBe('{"10":2,"3":1,"a":true}');
  });

  test("keys are sorted by UTF-8 bytes, where UTF-16 units would differ", () => {
    const keys = ["\u{1f600}", "\uffee", "\ue000", "\ud7ff", "z", "", "za", "\u{10000}a", "\u{10000}"];
    const sorted = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...keys].sort()).not.toEqual(sorted);
    expect(stringify(new Map(keys.map((key) => [key, 0n])))).toBe(`{${sorted.map((key) => `"${key}":0`).join(",")}}`);
  });

  test("names of Object.prototype are names like any other", () => {
    const hostile = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c","hasOwnProperty":"d"}');
    expect(stringify(hostile)).toBe('{"__proto__":"a","constructor":"b","hasOwnProperty":"d","toString":"c"}');
    expect(stringify(new Map([["__proto__", 1n]]))).toBe('{"__proto__":1}');
    expect(stringify(Object.assign(Object.create(null), { a: 1n }))).toBe('{"a":1}');
  });

  test("undefined fields are left out, null is refused with its place", () => {
    expect(stringify({ a: undefined, b: 1n })).toBe('{"b":1}');
    expect(stringify({})).toBe("{}");
    expect(() => stringify({ a: { b: null } })).toThrow(/^a\.b is null/);
  });

  test.each([
    ["an undefined list item", [undefined]],
    ["a hole in a list", new Array(1)],
    ["a function", { f: () => 1 }],
    ["a symbol", [Symbol("s")]],
    ["a Date", new Date(0)],
    ["a Set", new Set([1n])],
    ["a Map with a number as key", new Map([[1, 1n]])],
    [
      "a Map with one key twice",
      new Map<string | bigint, bigint>([
        ["1", 1n],
        [1n, 1n],
      ]),
    ],
  ])("%s is refused", (_, value) => {
    expect(() => stringify(value)).toThrow(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
  });
});

test("nesting has a limit, which a value that contains itself meets", () => {
  const nest = (levels: number) => {
    let value: WireValue[] = [];
    for (let i = 1; i < levels; i++) value = [value];
    return value;
  };
  expect(stringify(nest(maxDepth))).toBe("[".repeat(maxDepth) + "]".repeat(maxDepth));
  expect(() => stringify(nest(maxDepth + 1))).toThrow(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
  expect(() => stringify(nest(100_000))).toThrow(/nested deeper/);
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  expect(() => stringify(loop)).toThrow(/nested deeper/);
});
