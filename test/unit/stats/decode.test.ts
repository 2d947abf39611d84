// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { stringify } from "../../../src/protocol/json.js";
import { parseReply } from "../../../src/protocol/reply.js";
import { decodeValues, withIntegers } from "../../../src/stats/decode.js";
import { defineStats } from "../../../src/stats/define.js";
import type { StatsSchema } from "../../../src/stats/schema.js";
import * as stat from "../../../src/stats/stat.js";
import { checkedValues } from "../../../src/stats/values.js";

const parsed = (text: string) => parseReply(`{"errno":0,"args":{"resp":${text}}}`);

const domain = defineStats("DomainStats", { name: stat.string(), pressure: stat.float() });
const cluster = defineStats("ClusterStats", {
  at: stat.u64(),
  low: stat.i64(),
  bitmap: stat.array(stat.u64()),
  doms_dict: stat.dict("u64", stat.group(domain)),
});
const good =
  '{"at":18446744073709551615,"low":-9223372036854775808,"bitmap":[1,2],' +
  '"doms_dict":{"10":{"name":"a","pressure":1.0},"3":{"name":"b","pressure":2}}}';

it("gives what was sent, by its types", () => {
  const values = decodeValues(cluster, parsed(good));
  expect(values).toEqual({
    at: 2n ** 64n - 1n,
    low: -(2n ** 63n),
    bitmap: [1n, 2n],
    doms_dict: new Map([
      [3n, { name: "b", pressure: 2 }],
      [10n, { name: "a", pressure: 1 }],
    ]),
  });
});

it("is the inverse of what a server checks and sends", () => {
  const histogram: StatsSchema = {
    name: "s",
    stats: [
      { name: "waited", kind: "histogram" },
      { name: "__proto__", kind: "counter" },
    ],
  };
  const sent = parsed('{"waited":{"count":3,"sum":9,"buckets":[0,3]},"__proto__":7}');
  expect(Object.entries(decodeValues(histogram, sent))).toEqual([
    ["waited", { count: 3n, sum: 9n, buckets: [0n, 3n] }],
    ["__proto__", 7n],
  ]);
  const values = { at: 1n, low: -1n, bitmap: [], doms_dict: new Map([[7n, { name: "ä", pressure: 0.5 }]]) };
  expect(decodeValues(cluster, parsed(stringify(checkedValues(cluster, values))))).toEqual(values);
});

describe("what isn't as described is named, with what it is and what it should be", () => {
  const domains = (text: string) => `{"at":1,"low":0,"bitmap":[],"doms_dict":${text}}`;
  it.each([
    ["[]", "The reply is a list, and should be an object with the fields of ClusterStats."],
    ["{}", "at is missing, and should be an integer from 0 to 2^64 - 1."],
    ['{"at":null}', "at is null, and should be an integer from 0 to 2^64 - 1."],
    ['{"at":1.0}', "at is 1 with a fraction, and should be an integer from 0 to 2^64 - 1."],
    ['{"at":-1}', "at is -1, and should be an integer from 0 to 2^64 - 1."],
    ['{"at":18446744073709551616}', "at is 18446744073709551616, and should be an integer from 0 to 2^64 - 1."],
    ['{"at":1,"low":9223372036854775808}', /^low is 9223372036854775808, .* -2\^63 to 2\^63 - 1\.$/],
    ['{"at":1,"low":0,"bitmap":{}}', "bitmap is an object, and should be a list."],
    ['{"at":1,"low":0,"bitmap":[1,"x"]}', 'bitmap[1] is "x", and should be an integer from 0 to 2^64 - 1.'],
    [domains("[]"), "doms_dict is a list, and should be a dictionary."],
    [domains('{"3":null}'), "doms_dict.3 is null, and should be an object with the fields of DomainStats."],
    [domains('{"3":{"name":"a","pressure":"1.0"}}'), 'doms_dict.3.pressure is "1.0", and should be a finite number.'],
    [domains('{"3":{"name":"a","pressure":1e999}}'), /^doms_dict.3.pressure is Infinity/],
    [domains('{"3":{"name":1,"pressure":1.0}}'), "doms_dict.3.name is 1, and should be a text."],
    [domains('{"-3":{}}'), /^A key of doms_dict is -3, and should be an integer from 0/],
    [domains('{"0x3":{}}'), /^A key of doms_dict is "0x3"/],
    [domains('{"":{}}'), /^A key of doms_dict is ""/],
  ])("%s", (text, message) => {
    expect(() => decodeValues(cluster, parsed(text))).toThrow(
      expect.objectContaining({
        code: "ERR_SCX_WIRE",
        errno: undefined,
        message: expect.toSatisfy((said: string) => {
          const line = said.split("\n")[0] ?? "";
          return typeof message === "string" ? line === message : message.test(line);
        }),
      }),
    );
  });

  it("also by fields that are too many, if wanted", () => {
    const more = parsed('{"name":"a","pressure":1.0,"more":1}');
    expect(decodeValues(domain, more)).toEqual({ name: "a", pressure: 1 });
    expect(() => decodeValues(domain, more, { strict: true })).toThrow(
      /more is 1, and should be described by DomainSta/,
    );
  });
});

describe("integers as numbers", () => {
  it("where they are exact, keys too", () => {
    const text = '{"at":9007199254740991,"low":-1,"bitmap":[2],"doms_dict":{"3":{"name":"a","pressure":1.0}}}';
    expect(decodeValues(cluster, parsed(text), { integers: "number" })).toEqual({
      at: Number.MAX_SAFE_INTEGER,
      low: -1,
      bitmap: [2],
      doms_dict: new Map([[3, { name: "a", pressure: 1 }]]),
    });
    expect(withIntegers(parsed('{"a":[1,{"b":-2}],"c":1.5}'), "number")).toEqual({ a: [1, { b: -2 }], c: 1.5 });
  });

  it.each([
    ['{"at":1,"low":0,"bitmap":[1,9007199254740992],"doms_dict":{}}', "bitmap[1] is 9007199254740992"],
    [
      '{"at":1,"low":0,"bitmap":[],"doms_dict":{"9007199254740993":{"name":"a","pressure":1.0}}}',
      "A key of doms_dict is",
    ],
  ])("and an error that names the field where not: %s", (text, message) => {
    const refused = expect.objectContaining({ code: "ERR_SCX_VALUE", message: expect.stringContaining(message) });
    expect(() => decodeValues(cluster, parsed(text), { integers: "number" })).toThrow(refused);
  });

  it("the same in values of unknown type", () => {
    expect(() => withIntegers(parsed("[9007199254740992]"), "number")).toThrow(
      expect.objectContaining({ code: "ERR_SCX_VALUE", message: expect.stringMatching(/^\[0\] is 9007199254740992/) }),
    );
  });
});
