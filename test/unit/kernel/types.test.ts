// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Btf } from "../../../src/bpf/btf.js";
import { declarationOf, readTypes } from "../../../src/kernel/types.js";
import { Writer } from "./btf_writer.js";

const [ENUM, STRUCT, FUNC, FUNC_PROTO, DECL_TAG, ENUM64] = [6, 4, 12, 13, 17, 19];

it("finds the ops' members and 64-bit constants", () => {
  const btf = new Writer();
  btf.add("sched_ext_ops", STRUCT, 2, 16, "init", 0, 0, "dump", 0, 64);
  btf.add("scx_public_consts", ENUM64, 2, 8, "SCX_OPS_NAME_LEN", 128, 0, "SCX_SLICE_INF", -1, -1);
  expect(readTypes(btf.bytes())).toEqual({
    ops: ["init", "dump"],
    constants: { SCX_SLICE_INF: 0xffff_ffff_ffff_ffffn },
    brokenKfuncs: [],
  });
});

it("sees what an old pahole made of 64-bit constants: an enum of 8 bytes with 32-bit values", () => {
  const btf = new Writer();
  btf.add("scx_public_consts", ENUM, 1, 8, "SCX_SLICE_INF", -1);
  btf.add("scx_dsq_id_flags", ENUM, 1, 8, "SCX_DSQ_FLAG_BUILTIN", 0);
  expect(readTypes(btf.bytes())).toEqual({
    ops: undefined,
    constants: { SCX_SLICE_INF: 0xffff_ffffn, SCX_DSQ_FLAG_BUILTIN: 0n },
    brokenKfuncs: [],
  });
});

it("finds kfuncs that kept their implicit argument", () => {
  const btf = new Writer();
  const withAux = btf.add("", FUNC_PROTO, 2, 0, "cpu", 0, "aux", 0);
  const without = btf.add("", FUNC_PROTO, 1, 0, "cpu", 0);
  btf.add("scx_bpf_kick_cpu", FUNC, 0, withAux);
  btf.add("scx_bpf_fine", FUNC, 0, without);
  btf.add("scx_bpf_fine_impl", FUNC, 0, withAux);
  btf.add("other", FUNC, 0, withAux);
  const tagged = btf.add("scx_bpf_tagged", FUNC, 0, withAux);
  btf.add("bpf_kfunc", DECL_TAG, 0, tagged, -1);
  expect(readTypes(btf.bytes()).brokenKfuncs).toEqual(["scx_bpf_kick_cpu"]);
});

it("declares a function as C would write it", () => {
  const btf = new Writer();
  const int = btf.add("int", 1, 0, 4, 0x0100_0020);
  const pointer = btf.add("", 2, 0, int);
  const proto = btf.add("", FUNC_PROTO, 2, int, "cpu", int, "mask", pointer);
  btf.add("scx_bpf_some", FUNC, 0, proto);
  btf.add("scx_bpf_none", FUNC, 0, btf.add("", FUNC_PROTO, 0, 0));
  const types = new Btf(btf.bytes());
  expect(declarationOf(types, "scx_bpf_some")).toBe("int scx_bpf_some(int cpu, int *mask)");
  expect(declarationOf(types, "scx_bpf_none")).toBe("void scx_bpf_none(void)");
  expect(declarationOf(types, "scx_bpf_nothing")).toBeUndefined();
});

it("refuses what is no BTF", () => {
  expect(() => readTypes(Buffer.from("nothing"))).toThrow();
});
