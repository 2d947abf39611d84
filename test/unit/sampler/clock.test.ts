// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { native } from "../../../src/native/index.js";
import { Clock } from "../../../src/sampler/clock.js";

const ns = () => process.hrtime.bigint();

describe("a clock", () => {
  let clock: Clock | undefined;
  afterEach(() => clock?.stop());

  it("ticks at its start and multiples of its interval after it, however late a tick was", async () => {
    const start = ns();
    const ticks = await new Promise<bigint[]>((resolve) => {
      const at: bigint[] = [];
      clock = new Clock(20, () => {
        at.push(ns());
        if (at.length === 10) resolve(at);
      });
      clock.start();
      clock.start(); // once
    });
    ticks.forEach((at, i) => {
      expect(at - start).toBeGreaterThanOrEqual(BigInt(i + 1) * 20_000_000n);
    });
  });

  it("counts ticks that it was kept from, in place of making up for them", async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      clock = new Clock(10, () => {
        if (++calls === 2) resolve();
        else for (const until = ns() + 55_000_000n; ns() < until; );
      });
      clock.start();
    });
    expect(calls).toBe(2);
    expect(clock?.missed).toBeGreaterThanOrEqual(4);
    expect(clock?.lateness).toBeGreaterThan(0);
  });

  it("goes by another interval from then on, and not at all once stopped", async () => {
    let calls = 0;
    clock = new Clock(2 ** 31 - 1, () => calls++);
    clock.setInterval(2 ** 30); // before it starts
    clock.start();
    clock.setInterval(1);
    await expect.poll(() => calls).toBeGreaterThan(2);
    clock.stop();
    clock.stop();
    const stopped = calls;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toBe(stopped);
  });

  it("keeps a process alive until it is stopped, and none from ending that ends itself", () => {
    const addon = JSON.stringify(process.env.SCXKIT_ADDON ?? "./build/Release/scxkit.node");
    const script = (then: string) => `
      const { Ticker } = require(${addon});
      let calls = 0;
      const ticker = new Ticker(1, () => { if (++calls === 3) { ${then} } });
      process.on("exit", () => console.log(calls));`;
    const run = (then: string) => execFileSync(process.execPath, ["-e", script(then)], { encoding: "utf8" });
    expect(run("ticker.close(); ticker.close();")).toBe("3\n");
    expect(run("process.exit();")).toBe("3\n");
  });
});

describe("the addon's ticker", () => {
  it("refuses what is no interval, and what can't be called", () => {
    const refused: unknown[] = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];
    for (const interval of refused)
      expect(() => new native.Ticker(interval as number, () => {})).toThrow("not an interval");
    expect(() => new native.Ticker(1, undefined as never)).toThrow("not a function");
  });
});
