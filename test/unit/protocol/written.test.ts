// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { parseReply } from "../../../src/protocol/reply.js";
import { memberTexts, readWritten } from "../../../src/protocol/written.js";

const reply = (resp: string) => `{"errno":0,"args":{"resp":${resp}}}`;

describe("JSON as it was written", () => {
  test("members in their order, each by its digits; brackets and quotes within a text are text", () => {
    expect(readWritten('{ "b" : [1.50, -0, null,{}], "\\u0061":"\\\\\\"]}{[," }')).toEqual({
      members: [
        ["b", { items: [{ token: "1.50" }, { token: "-0" }, { token: "null" }, { members: [] }] }],
        ["a", { token: '"\\\\\\"]}{[,"' }],
      ],
    });
  });

  test("the texts of members, byte for byte", () => {
    expect(memberTexts('{"a":{ "b":[1, 2] }, "c" : "\\"}", "d":1e0}')).toEqual(
      new Map([
        ["a", '{ "b":[1, 2] }'],
        ["c", '"\\"}"'],
        ["d", "1e0"],
      ]),
    );
  });

  test("a text of millions of escapes, which is a peer's, is a text", () => {
    const text = `"${'\\"'.repeat(8_000_000)}"`;
    expect(memberTexts(reply(text)).get("args")?.length).toBe('{"resp":}'.length + text.length);
  });
});

describe("what no peer is to have of us", () => {
  test("seconds for a number of a million digits", () => {
    expect(parseReply(reply("9".repeat(1000)))).toBe(10n ** 1000n - 1n);
    expect(() => parseReply(reply("9".repeat(1_000_000)))).toThrow(/a number of 1000000 digits/);
  });

  test("an error of a million lines", () => {
    const line = `{"errno":5,"args":{"resp":"${"x\\n".repeat(1_000_000)}"}}`;
    expect(() => parseReply(line)).toThrow(
      expect.objectContaining({ errno: 5, log: expect.toSatisfy((log) => log.length === 32_769) }),
    );
  });
});
