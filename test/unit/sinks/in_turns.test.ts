// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { inTurns, turnSize } from "../../../src/sinks/in_turns.js";
import { LineSink } from "../../../src/sinks/line_sink.js";
import { createSink, factoryOf } from "../../../src/sinks/registry.js";
import { nthRecord } from "./record.js";

/** Counts the turns that others have had. */
function turns() {
  const counted = { turns: 0, end: () => clearImmediate(next) };
  const count = () => {
    counted.turns++;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  return counted;
}

it("many records' texts are made in several turns, each of so many characters, in order", async () => {
  const others = turns();
  const sizes = new Map<number, number>();
  const text = "x".repeat(10_000);
  const records = Array.from({ length: 50 }, (_, n) => nthRecord(n));
  const made = await inTurns(records, (record) => {
    sizes.set(others.turns, (sizes.get(others.turns) ?? 0) + text.length);
    return `${record.type === "sample" && record.sample.at} ${text}`;
  });
  others.end();
  expect(made.map((one) => one.split(" ")[0])).toEqual(records.map((_, n) => `${n}`));
  expect(sizes.size).toBeGreaterThanOrEqual(Math.floor(500_000 / (turnSize + 10_000)));
  expect(Math.max(...sizes.values())).toBeLessThanOrEqual(turnSize + 10_000);
});

it("few are made at once", async () => {
  const others = turns();
  await inTurns(
    [1, 2, 3].map((n) => nthRecord(n)),
    () => "short",
  );
  expect(others.turns).toBe(0);
  others.end();
});

it("a sink of lines lets others have their turn while it makes them", async () => {
  const others = turns();
  const at: number[] = [];
  const target = { open: async () => {}, write: async () => {}, flush: async () => {}, close: async () => {} };
  const line = () => {
    at.push(others.turns);
    return "x".repeat(turnSize);
  };
  const queue = await createSink({ name: "lines", factory: factoryOf("lines", () => new LineSink(target, line)) });
  for (let n = 0; n < 3; n++) queue.push(nthRecord(n));
  await queue.open();
  await queue.close();
  others.end();
  expect(new Set(at).size).toBe(3);
});
