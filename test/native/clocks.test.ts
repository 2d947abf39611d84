// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { native } from "../../src/native/index.js";

describe("clocks", () => {
  it("are process.hrtime's and the system's, in ns", () => {
    const times = new BigUint64Array(2);
    const { read } = new native.Clocks(times);
    const [from, since] = [process.hrtime.bigint(), Date.now()];
    read();
    const [monotonic = 0n, real = 0n] = times;
    expect(monotonic).toBeGreaterThanOrEqual(from);
    expect(monotonic).toBeLessThanOrEqual(process.hrtime.bigint());
    expect(Number(real / 1_000_000n)).toBeGreaterThanOrEqual(since);
    expect(Number(real / 1_000_000n)).toBeLessThanOrEqual(Date.now());
  });

  it("take an array of two words, which stays", () => {
    expect(() => new native.Clocks(new BigUint64Array(3))).toThrow("two clocks are two words");
    expect(() => new native.Clocks(new Uint8Array(16) as never)).toThrow("not a BigUint64Array");
    const times = new BigUint64Array(2);
    const { read } = new native.Clocks(times);
    structuredClone(times.buffer, { transfer: [times.buffer] });
    expect(read).toThrow("the bound array's buffer was transferred away");
  });
});
