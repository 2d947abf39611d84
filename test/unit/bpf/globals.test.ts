// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BpfObject } from "../../../src/bpf/object.js";
import { shippedObject, testObject } from "../../objects.js";

let object: BpfObject;
beforeAll(async () => {
  object = await BpfObject.open(testObject("count"));
});
afterAll(() => object.close());

describe("reading", () => {
  it.each([
    ["ro_u8", 0xff],
    ["ro_u16", 0xffff],
    ["ro_u32", 0xffffffff],
    ["ro_u64", 2n ** 64n - 1n],
    ["ro_s8", -128],
    ["ro_s16", -32768],
    ["ro_s32", -(2 ** 31)],
    ["ro_s64", -(2n ** 63n)],
    ["ro_bool", true],
    ["ro_float", 1.5],
    ["ro_double", -0.1],
    ["ro_colour", "GREEN"],
    ["ro_wide", "WIDE_HIGH"],
    ["ro_text", "hello"],
    ["ro_ints", [1, -2, 3, -4]],
    [
      "ro_grid",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    ["bss_u64", 0n],
    ["bss_text", ""],
  ])("%s", (name, value) => {
    expect(object.globals[name]).toEqual(value);
  });

  it("gives structs as objects", () => {
    expect(object.globals.data_outer).toEqual({
      tag: 9,
      one: { id: 1, pair: [-1, 1] },
      many: [
        { id: 10, pair: [0, 0] },
        { id: 20, pair: [0, 0] },
        { id: 30, pair: [31, 32] },
      ],
      last: 1n << 63n,
    });
  });

  it("gives structs frozen, since a change to a copy would be lost", () => {
    const outer = object.globals.data_outer as { one: { id: number } };
    expect(() => {
      outer.one.id = 5;
    }).toThrow(TypeError);
  });

  it("lists the names", () => {
    expect(Object.keys(object.globals)).toEqual(expect.arrayContaining(["ro_u8", "data_outer", "bss_s64"]));
    expect("ro_u8" in object.globals).toBe(true);
    expect("nothing" in object.globals).toBe(false);
    expect(object.globals.nothing).toBeUndefined();
    expect(Reflect.get(object.globals, "__proto__")).toBeUndefined();
  });
});

describe("writing", () => {
  it.each([
    ["data_u8", 7, 7],
    ["data_u8", "0x10", 16],
    ["data_u64", 2n ** 64n - 1n, 2n ** 64n - 1n],
    ["data_u64", "18446744073709551615", 2n ** 64n - 1n],
    ["data_s64", "-9223372036854775808", -(2n ** 63n)],
    ["data_s8", -1, -1],
    ["data_bool", "false", false],
    ["data_bool", 1, true],
    ["data_colour", "BLUE", "BLUE"],
    ["data_colour", 7, "GREEN"],
    ["data_wide", "WIDE_LOW", "WIDE_LOW"],
    ["data_float", "2.25", 2.25],
    ["data_text", "grüezi", "grüezi"],
    ["data_ints", "5,6", [5, 6, 3, -4]],
    ["data_ints", [9, 8, 7, 6], [9, 8, 7, 6]],
    [
      "data_outer.many",
      [{ id: 4 }],
      [
        { id: 4, pair: [0, 0] },
        { id: 20, pair: [0, 0] },
        { id: 30, pair: [31, 32] },
      ],
    ],
  ])("%s = %s", (name, value, expected) => {
    object.setGlobal(name, value);
    const [variable = "", member] = name.split(".");
    const whole = object.globals[variable];
    expect(member ? (whole as Record<string, unknown>)[member] : whole).toEqual(expected);
  });

  it("sets a part of a struct and leaves the rest", () => {
    object.setGlobal("data_outer.one.id", "77");
    expect(object.globals.data_outer).toMatchObject({ tag: 9, one: { id: 77, pair: [-1, 1] } });
  });

  it.each([
    ["data_u8", 256, /from 0 to 255/],
    ["data_u8", -1, /from 0 to 255/],
    ["data_u8", 1.5, /from 0 to 255/],
    ["data_u8", "ten", /"ten" is no value of type u8/],
    ["data_u8", "", /Give an integer/],
    ["data_u64", 2 ** 60, /no value of type u64/],
    ["data_u64", -1n, /from 0 to 18446744073709551615/],
    ["data_s8", 128, /from -128 to 127/],
    ["data_bool", "maybe", /Give true or false/],
    ["data_colour", "PINK", /Give one of .*RED/],
    ["data_float", "x", /Give a number/],
    ["data_text", "a text of more than fifteen bytes", /at most 15 bytes/],
    ["data_ints", [1, 2, 3, 4, 5], /at most 4 values/],
    ["data_ints", "1,x", /data_ints\[1\]: "x"/],
    ["data_outer", 5, /is no struct outer/],
    ["data_outer", { nothing: 1 }, /It has tag, one, many, last/],
    ["data_outer.nothing", 1, /It has tag, one, many, last/],
    ["data_u8.x", 1, /has no member "x"/],
    ["data_u64", null, /no value of type u64/],
  ])("refuses %s = %s", (name, value, why) => {
    const before = object.globals[name.split(".")[0] ?? ""];
    expect(() => object.setGlobal(name, value)).toThrowError(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
    expect(() => object.setGlobal(name, value)).toThrow(why);
    expect(object.globals[name.split(".")[0] ?? ""]).toEqual(before);
  });

  it("refuses an unknown name and says which there are", () => {
    expect(() => {
      object.globals.nothing = 1;
    }).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_GLOBAL_UNKNOWN", remedy: expect.stringContaining("ro_u8") }),
    );
  });
});

describe("ops fields", () => {
  it("are set by name, and callbacks are not", async () => {
    using scheduler = await BpfObject.open(shippedObject("simple"));
    scheduler.ops.timeout_ms = 5000;
    expect(scheduler.ops.timeout_ms).toBe(5000);
    scheduler.setOps("name", "other");
    expect(scheduler.scheduler).toBe("other");
    for (const field of ["enqueue", "nothing"])
      expect(() => scheduler.setOps(field, 1)).toThrowError(
        expect.objectContaining({ code: "ERR_SCX_OPS_UNKNOWN", remedy: expect.stringContaining("timeout_ms") }),
      );
    expect(() => scheduler.setOps("timeout_ms", -1)).toThrowError(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
    expect(() =>
      scheduler.setOps(
        "name",
        "a name that is longer than what the kernel allows: 127 bytes and one for the end".padEnd(130, "x"),
      ),
    ).toThrow(/at most 127 bytes/);
  });
});
