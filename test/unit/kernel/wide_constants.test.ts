// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { cutConstants, isWideEnum, requireWholeConstants } from "../../../src/kernel/wide_constants.js";

/** A kernel's BTF as a good pahole writes it, as far as it matters here. */
const whole: Record<string, Record<string, bigint>> = {
  scx_public_consts: { SCX_OPS_NAME_LEN: 128n, SCX_SLICE_INF: 2n ** 64n - 1n },
  scx_dsq_id_flags: { SCX_DSQ_FLAG_BUILTIN: 1n << 63n },
  scx_enq_flags: { SCX_ENQ_WAKEUP: 1n, SCX_ENQ_PREEMPT: 1n << 32n },
};

/** The same by one that knows of no 64-bit enums. */
const cut = Object.fromEntries(
  Object.entries(whole).map(([name, values]) => [
    name,
    Object.fromEntries(Object.entries(values).map(([label, value]) => [label, BigInt.asUintN(32, value)])),
  ]),
);

describe("constants of the kernel's BTF", () => {
  it("are whole, or cut to 32 bits", () => {
    expect(cutConstants((name) => whole[name])).toEqual([]);
    expect(cutConstants((name) => cut[name])).toEqual(["SCX_SLICE_INF", "SCX_DSQ_FLAG_BUILTIN", "SCX_ENQ_PREEMPT"]);
  });

  it("may be missing, which is no harm", () => {
    expect(cutConstants(() => undefined)).toEqual([]);
    expect(cutConstants((name) => (name === "scx_enq_flags" ? { SCX_ENQ_WAKEUP: 1n } : whole[name]))).toEqual([]);
  });

  it("are refused when cut, with the names and the way out", () => {
    expect(() => requireWholeConstants("load", (name) => whole[name])).not.toThrow();
    expect(() => requireWholeConstants("load", (name) => cut[name])).toThrowError(
      expect.objectContaining({
        code: "ERR_SCX_KERNEL_FAULT",
        op: "load",
        message: expect.stringMatching(/cut them to 32 bits: SCX_SLICE_INF, .*\n.*pahole 1\.24/),
      }),
    );
  });

  it("come from enums of these names, whatever flavour the object has", () => {
    expect(["scx_enq_flags", "scx_enq_flags___scxkit", "scx_dsq_id_flags"].every(isWideEnum)).toBe(true);
    expect(["scx_exit_kind", "scx_enq", "colour"].some(isWideEnum)).toBe(false);
  });
});
