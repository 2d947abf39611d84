// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { mayBeUnknown, reviseFlags } from "../../../src/scheduler/ops_flags.js";

const of616 = { SCX_OPS_ENQ_LAST: 2n, SCX_OPS_BUILTIN_IDLE_PER_NODE: 0x40n, SCX_OPS_HAS_CGROUP_WEIGHT: 0x10000n };
const of72 = { SCX_OPS_ENQ_LAST: 2n, SCX_OPS_ALL_FLAGS: 0x1ffn, __SCX_OPS_INTERNAL_MASK: 0xffn << 56n };

describe("flags of another kernel's scheduler", () => {
  it.each([
    [0x42n, of616, 0x42n, 0n],
    [0x10002n, of616, 0x10002n, 0n], // known: left
    [0x10002n, of72, 2n, 0n], // without effect: taken away
    [0x100n, of72, 0x100n, 0n],
    [0x100n, of616, 0x100n, 0x100n], // with effect: left, and named
    [0x10000n | (1n << 56n), of72, 1n << 56n, 1n << 56n],
    [0x10000n, undefined, 0x10000n, 0n], // nobody knows
  ])("0x%s", (flags, kernel, kept, unknown) => {
    expect(reviseFlags(flags, kernel)).toEqual({ flags: kept, unknown });
  });

  it("needn't be looked at when every kernel knows them", () => {
    expect([0n, 0x7fn].some(mayBeUnknown)).toBe(false);
    expect([0x80n, 0x10000n, 1n << 63n].every(mayBeUnknown)).toBe(true);
  });
});
