// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ScxError } from "../../../src/error.js";
import { parseReply } from "../../../src/protocol/reply.js";
import { readWritten, walk } from "../../../src/protocol/written.js";
import { readRecordingLine } from "../../../src/relay/recording.js";
import { decodeValues } from "../../../src/stats/decode.js";
import { describing } from "../../../src/stats/described.js";
import { readMeta } from "../../../src/stats/read_meta.js";
import { schemaOf } from "../../../src/stats/schema_of.js";
import { untypedValues } from "../../../src/stats/untyped.js";

const lines = readFileSync(new URL("../../golden/upstream-example-server.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as { sent: string; received: string });
const received = (req: string) => lines.find(({ sent }) => sent === `{"req":"${req}"}\n`)?.received.trim() ?? "";
const [reply, meta] = [received("stats"), received("stats_meta")];

/** What stands in replies, and what may go wrong where it stands. */
const pieces = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "-1",
  "1.0",
  "18446744073709551616",
  '"u64"',
  '"datum":',
  '"struct":',
  "1e999",
  "\\u0000",
  "__proto__",
];

const mutants = 5000;

/** The same sequence on every run. */
let state = 88172645463325252n;
const random = (below: number): number => {
  state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
  return Number((state >> 33n) % BigInt(below));
};

function mutated(text: string): string {
  let result = text;
  for (let times = 1 + random(3); times > 0; times--) {
    const [at, length] = [random(result.length + 1), random(12)];
    const piece =
      random(4) === 0 ? "" : random(3) === 0 ? result.slice(at, at + 20) : (pieces[random(pieces.length)] ?? "");
    result = result.slice(0, at) + piece + result.slice(at + length);
  }
  return result;
}

/** What came of it: a value, or the code of an error of ours. Anything else is a fault. */
function outcome<T>(act: () => T): { value: T } | { code: string } {
  try {
    return { value: act() };
  } catch (error) {
    if (error instanceof ScxError) return { code: error.code };
    throw error;
  }
}

test(`${mutants} damaged replies, and as many metadata: values that fit what describes them, or an error that says why not`, () => {
  const schema = schemaOf(readMeta(parseReply(meta)));
  const met = new Map<string, number>();
  const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
  for (let i = 0; i < mutants; i++) {
    const line = mutated(reply);
    const parsed = outcome(() => parseReply(line));
    if ("code" in parsed) {
      count(parsed.code);
      continue;
    }
    walk(readWritten(line), () => {});
    untypedValues(parsed.value);
    const decoded = outcome(() => decodeValues(schema, parsed.value, { strict: true }));
    count("code" in decoded ? "mismatch" : "value");
    if ("code" in decoded) continue;
    expect(typeof decoded.value.at).toBe("bigint");
    expect((decoded.value.bitmap as unknown[]).every((one) => typeof one === "bigint")).toBe(true);
    const recorded = readRecordingLine(`{"at":1,"request":{"req":"stats"},"reply":${line}}`);
    expect(recorded.line).toBe(line.trim());
  }
  for (let i = 0; i < mutants; i++) {
    const read = outcome(() => readMeta(parseReply(mutated(meta))));
    count("code" in read ? `meta ${read.code}` : "meta");
    if ("code" in read) continue;
    const described = outcome(() => schemaOf(read.value));
    if ("value" in described) outcome(() => decodeValues(described.value, parseReply(reply)));
    describing(read.value, "delta", parseReply(reply));
  }
  // All of it was met, so that this says something.
  for (const what of ["value", "mismatch", "ERR_SCX_WIRE", "meta", "meta ERR_SCX_STATS_META", "meta ERR_SCX_WIRE"])
    expect([what, met.get(what) ?? 0]).toEqual([what, expect.toSatisfy((times: number) => times > 20)]);
}, 60_000);

test("a reply that nests as deep as upstream's client reads is read, a deeper one refused", () => {
  const nested = (depth: number) => `{"errno":0,"args":{"resp":${"[".repeat(depth)}"]\\\\\\"["${"]".repeat(depth)}}}`;
  const deepest = nested(125);
  expect(outcome(() => parseReply(deepest))).toHaveProperty("value");
  walk(readWritten(deepest), () => {});
  untypedValues(parseReply(deepest));
  for (const depth of [126, 5000, 1_000_000])
    expect(() => parseReply(nested(depth))).toThrow(
      expect.objectContaining({
        code: "ERR_SCX_WIRE",
        message: expect.stringMatching(/nests 128 levels deep or deeper/),
      }),
    );
});
