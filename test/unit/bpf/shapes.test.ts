// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject } from "../../../src/bpf/object.js";
import { testObject } from "../../objects.js";

let object: BpfObject;
beforeEach(async () => {
  object = await BpfObject.open(testObject("shapes"));
});
afterEach(() => object.close());

const config = () => object.globals.config as { weights: number[]; rows: Record<string, unknown>[]; grid: number[][] };

describe("bitfields, unions and parts without a name", () => {
  it("are read", () => {
    expect(config().rows[1]).toEqual({
      ...{ low: 15, high: -16, on: false, mood: 0, wide: 0n },
      ...{ all: 0n, half: 0, x: 0, y: 0, weight: 0 },
    });
  });

  it.each([
    ["config.rows[0].low", 9, "low", 9],
    ["config.rows[0].high", "-16", "high", -16],
    ["config.rows[0].on", "true", "on", true],
    ["config.rows[0].mood", "BUSY", "mood", "BUSY"],
    ["config.rows[0].wide", 2n ** 40n - 1n, "wide", 2n ** 40n - 1n],
    ["config.rows[0].half", 5, "all", 5n],
    ["config.rows[0].y", -3, "y", -3],
    ["config.rows[0].weight", "-0.25", "weight", -0.25],
    ["config.rows[0]", { mood: "CALM", wide: 3 }, "wide", 3n],
    ["config.rows[0]", '{"wide": 1099511627775, "y": 4}', "wide", 2n ** 40n - 1n],
  ])("%s = %s", (path, value, member, expected) => {
    object.setGlobal(path, value);
    const [first, second] = config().rows;
    expect(first?.[member]).toEqual(expected);
    expect(second).toMatchObject({ low: 15, high: -16 });
  });

  it("leave their neighbours alone", () => {
    object.setGlobal("config.rows[1]", { on: true, mood: "BUSY", wide: 2n ** 39n });
    object.setGlobal("config.rows[1].low", 0);
    expect(config().rows[1]).toMatchObject({ low: 0, high: -16, on: true, mood: "BUSY", wide: 2n ** 39n });
  });

  it.each([
    ["config.rows[0].low", 16, /more than 4 bits/],
    ["config.rows[0].high", 16, /more than 5 bits/],
    ["config.rows[0].mood", "SAD", /CALM, BUSY/],
    ["config.rows[2].low", 1, /no element 2.*\n.*\[0\] to \[1\]/],
    ["config.rows.low", 1, /no member "low"/],
    ["config.rows[0].z", 1, /It has low, high, on, mood, wide, all, half, x, y, weight/],
    ["config.rows[0]", "{low: 1}", /is no JSON/],
    ["config.weights[4]", 1, /no element 4/],
  ])("refuse %s = %s", (path, value, why) => {
    const before = config();
    expect(() => object.setGlobal(path, value)).toThrowError(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
    expect(() => object.setGlobal(path, value)).toThrow(why);
    expect(config()).toEqual(before);
  });

  it.each(["config[", "config.", "config[x]", "config[-1]", "config..low"])("takes %s for no name", (path) => {
    expect(() => object.setGlobal(path, 1)).toThrowError(expect.objectContaining({ code: "ERR_SCX_GLOBAL_UNKNOWN" }));
  });
});

describe("elements", () => {
  it("are set by their index", () => {
    object.setGlobal("config.weights[3]", 5);
    object.setGlobal("config.grid[1][2]", "0x20");
    object.setGlobal("config.grid[0]", "[1, 2]");
    expect(config()).toMatchObject({
      weights: [1, 2, 3, 5],
      grid: [
        [1, 2, 0],
        [0, 0, 32],
      ],
    });
  });

  it("are set together by JSON", () => {
    object.setGlobal("config", '{"weights": [9], "grid": [[], [1, 1, 1]]}');
    expect(config()).toMatchObject({
      weights: [9, 2, 3, 4],
      grid: [
        [0, 0, 0],
        [1, 1, 1],
      ],
    });
  });
});

describe("a resizable array", () => {
  it("has as many elements as it was told", () => {
    object.resize("marks", 3);
    object.resize("zeros", 5);
    expect(object.globals).toMatchObject({ marks: [0n, 0n, 0n], zeros: [0, 0, 0, 0, 0] });
    object.setGlobal("marks[2]", 2n ** 64n - 1n);
    expect(object.globals.marks).toEqual([0n, 0n, 2n ** 64n - 1n]);
    object.resize("marks", 4);
    expect(object.globals.marks).toEqual([0n, 0n, 2n ** 64n - 1n, 0n]);
    expect(object.describe().globals.find(({ name }) => name === "marks")).toMatchObject({ type: "u64[4]", size: 32 });
  });

  it("grows with a longer list, and with its text", () => {
    object.globals.table = [1, 2, 3];
    expect(object.globals.table).toEqual([1, 2, 3]);
    object.setGlobal("table", "[4,5,6,7]");
    expect(object.globals.table).toEqual([4, 5, 6, 7]);
    object.setGlobal("table", "1,2");
    expect(object.globals.table).toEqual([1, 2, 6, 7]);
  });

  it("keeps what it has when one of the new elements doesn't fit", () => {
    expect(() => object.setGlobal("table", [1, -1])).toThrow(/table\[1\]: -1/);
    expect(object.globals.table).toEqual([7]);
  });

  it.each([
    ["marks", 0, /from 1 to/],
    ["marks", 1.5, /from 1 to/],
    ["marks", Number.NaN, /from 1 to/],
    ["marks", 2 ** 40, /from 1 to 33554432/],
    ["config", 2, /These can: .*marks/],
    ["nr", 2, /These can/],
  ])("refuses resize(%s, %s)", (name, length, why) => {
    expect(() => object.resize(name, length)).toThrowError(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
    expect(() => object.resize(name, length)).toThrow(why);
  });

  it("has to exist", () => {
    expect(() => object.resize("nothing", 2)).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_GLOBAL_UNKNOWN", remedy: expect.stringContaining("marks") }),
    );
  });
});
