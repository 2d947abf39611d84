// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject } from "../../../src/bpf/object.js";
import { flagsText, flagsValue } from "../../../src/bpf/ops_flags.js";
import { shippedObject } from "../../objects.js";

const names = new Map([
  ["SCX_OPS_ENQ_LAST", 2n],
  ["SCX_OPS_SWITCH_PARTIAL", 8n],
]);

describe("the value of flags", () => {
  it.each([
    ["SCX_OPS_SWITCH_PARTIAL|SCX_OPS_ENQ_LAST", 10n],
    ["SWITCH_PARTIAL", 8n],
    ["switch_partial, enq_last", 10n],
    ["scx_ops_enq_last | 0x100", 0x102n],
    [["ENQ_LAST", 8, 1n << 40n], (1n << 40n) + 10n],
    [[], 0n],
    // Numbers are left to the type.
    ["0x18", "0x18"],
    ["-1", "-1"],
    [24, 24],
    [24n, 24n],
    [null, null],
  ])("%s", (given, expected) => {
    expect(flagsValue(given, names)).toEqual(expected);
  });

  it.each([
    ["SCX_OPS_NOTHING", /SCX_OPS_NOTHING/],
    ["ENQ_LAST|", /no flag ""/],
    [["ENQ_LAST", 1.5], /"1.5"/],
  ])("is none for %s", (given, why) => {
    expect(() => flagsValue(given, names)).toThrow(why);
    expect(() => flagsValue(given, names)).toThrow(/Give SCX_OPS_ENQ_LAST, SCX_OPS_SWITCH_PARTIAL/);
  });
});

it("shows flags by name, and bits without a name at last", () => {
  expect(flagsText(0n, names)).toEqual([]);
  expect(flagsText(10n, names)).toEqual(["SCX_OPS_ENQ_LAST", "SCX_OPS_SWITCH_PARTIAL"]);
  expect(flagsText(0x10000000000000ffn, names)).toEqual([
    "SCX_OPS_ENQ_LAST",
    "SCX_OPS_SWITCH_PARTIAL",
    "0x10000000000000f5",
  ]);
});

describe("an object's flags", () => {
  let object: BpfObject;
  beforeEach(async () => {
    object = await BpfObject.open(shippedObject("simple"));
  });
  afterEach(() => object.close());

  it("are set by name, as a text or a list", () => {
    object.setOps("flags", "switch_partial|ENQ_LAST");
    expect(object.ops.flags).toBe(10n);
    object.ops.flags = ["KEEP_BUILTIN_IDLE"];
    expect(object.ops.flags).toBe(1n);
    object.setOps("flags", 1 << 6);
    expect(object.ops.flags).toBe(64n);
  });

  it("are described by number and by name", () => {
    object.setOps("flags", "ENQ_LAST|0x1000");
    const [ops] = object.describe().ops;
    expect(ops?.fields.find(({ name }) => name === "flags")).toMatchObject({
      value: 0x1002n,
      names: ["SCX_OPS_ENQ_LAST", "0x1000"],
    });
  });

  it("refuse a name that doesn't exist, and say which do", () => {
    expect(() => object.setOps("flags", "ENQ_FIRST")).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_VALUE", remedy: expect.stringContaining("SCX_OPS_ENQ_LAST") }),
    );
    expect(() => object.setOps("flags", "-1")).toThrow(/from 0 to 18446744073709551615/);
  });
});
