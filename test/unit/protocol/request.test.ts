// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { parseRequest } from "../../../src/protocol/request.js";

const parse = (text: string) => parseRequest(Buffer.from(text));

// What upstream's StatsRequest makes of each of these lines was seen with crate scx_stats 1.1.4.
describe("accepted, as upstream does", () => {
  test.each<[string, string, [string, string][]]>([
    ['{"req":"stats"}', "stats", []],
    [' {"req" : "stats" , "args" : { } } \r', "stats", []],
    ['{"args":{"target":"top"},"req":"stats"}', "stats", [["target", "top"]]],
    ['{"req":"stats","args":{"target":"a","target":"b"}}', "stats", [["target", "b"]]],
    ['{"req":"stats","x":1,"x":2}', "stats", []],
    [
      '{"req":"req","args":{"req":"args","args":"req"}}',
      "req",
      [
        ["req", "args"],
        ["args", "req"],
      ],
    ],
    ['{"req":"stats","x":{"req":1,"req":2,"args":["args","req"]}}', "stats", []],
    ['{"\\u0072eq":"st\\u0061ts"}', "stats", []],
    ['{"req":"stats","x":1e999}', "stats", []],
    ['{"req":"stats","x":"\\ud800"}', "stats", []],
    ['["stats"]', "stats", []],
    ['["stats",{"target":"x"}]', "stats", [["target", "x"]]],
    [
      '{"req":"stats","args":{"__proto__":"x","constructor":"y"}}',
      "stats",
      [
        ["__proto__", "x"],
        ["constructor", "y"],
      ],
    ],
    ['{"req":"ä","args":{"😀":"\\ud83d\\ude00"}}', "ä", [["😀", "😀"]]],
  ])("%s", (line, req, args) => {
    const request = parse(line);
    expect(request.req).toBe(req);
    expect([...request.args]).toEqual(args);
  });

  test("nesting in a field nobody reads, as deep as a line can be", () => {
    expect(parse(`{"req":"stats","x":${"[".repeat(30_000)}${"]".repeat(30_000)}}`).req).toBe("stats");
    expect(parse(`{"req":"stats","x":"${'\\"'.repeat(30_000)}"}`).req).toBe("stats");
  });
});

describe("refused with 22, as upstream does", () => {
  test.each([
    "",
    "   ",
    "\r",
    "not json",
    "null",
    '"stats"',
    "1",
    "true",
    "[]",
    '["stats",{},1]',
    '["stats",null]',
    "{}",
    '{"args":{}}',
    '{"req":1}',
    '{"req":null}',
    '{"req":"stats","args":null}',
    '{"req":"stats","args":[]}',
    '{"req":"stats","args":"x"}',
    '{"req":"stats","args":{"target":1}}',
    '{"req":"stats","args":{"target":null}}',
    '{"req":"stats","args":{"target":{}}}',
    '{"req":"stats","req":"stats"}',
    '{"req":"stats","args":{},"args":{}}',
    '{"req":"stats","\\u0072eq":"stats"}',
    '{"req":"stats","x":"\\\\","req" :"stats"}',
    '{"req":"stats"} x',
    '{"req":"stats"',
    '{"req":"stats","x":01}',
    '{"req":"stats","args":{"a":"\\ud800"}}',
    '{"req":"stats","args":{"\\udc00":1}}',
    '{"req":"\\udc00"}',
    '{"req":"stats","\\ud800":"x"}',
    '{"req":"stats","__proto__":{"args":{}},"args":7}',
    '\u{feff}{"req":"stats"}',
  ])("%j", (line) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: "ERR_SCX_WIRE", errno: 22 }));
  });

  test("what is not UTF-8", () => {
    const line = Buffer.concat([Buffer.from('{"req":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(() => parseRequest(line)).toThrow(
      expect.objectContaining({ errno: 22, message: expect.stringMatching(/UTF-8/) }),
    );
  });
});

test("a request can't reach a prototype", () => {
  parse('{"req":"stats","args":{"__proto__":"x"},"__proto__":{"polluted":1}}');
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
