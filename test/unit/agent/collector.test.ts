// SPDX-License-Identifier: MIT
import { afterEach, expect, it } from "vitest";
import { Collector } from "../../../src/agent/collector.js";
import { native } from "../../../src/native/index.js";
import { defineStats } from "../../../src/stats/define.js";
import * as stat from "../../../src/stats/stat.js";

const { Ticker } = native;
afterEach(() => {
  native.Ticker = Ticker;
});

it("has a clock while it runs and has something to read", () => {
  let clocks = 0;
  let tick = () => {};
  native.Ticker = class {
    constructor(_: number, call: (ticks: number, lateMs: number) => void) {
      clocks++;
      tick = () => call(1, 0);
    }
    close() {
      clocks--;
    }
  };
  const read: bigint[] = [];
  let calls = 0n;
  const source = { name: "calls", schema: defineStats("calls", { calls: stat.counter() }), read: () => ({ calls }) };
  const collector = new Collector(
    1000,
    () => ({ scheduler: "", state: "", epoch: 0 }),
    (_, __, { stats }) => read.push((stats.calls as { total: bigint }).total),
  );
  const some = new Map([["calls", source]]);
  collector.use(some);
  expect(clocks).toBe(0); // not started
  collector.start();
  expect(clocks).toBe(1);
  calls = 5n;
  tick();
  collector.use(new Map());
  expect(clocks).toBe(0);
  collector.use(some);
  collector.setInterval(500);
  expect(clocks).toBe(1);
  calls = 7n;
  tick();
  collector.close();
  expect(clocks).toBe(0);
  expect(read).toEqual([5n, 7n]);
});
