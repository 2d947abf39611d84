// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Btf } from "../../../src/bpf/btf.js";
import { Names } from "../../../src/gen/name.js";
import { Types } from "../../../src/gen/type.js";
import { Writer } from "../kernel/btf_writer.js";

// Of include/uapi/linux/btf.h.
const [int, ptr, array, struct, union, enumeration, fwd, typedef] = [1, 2, 3, 4, 5, 6, 7, 8];

const typesOf = (writer: Writer) => new Types(new Btf(writer.bytes()), new Names("X"));
const addU32 = (writer: Writer) => writer.add("u32", int, 0, 4, 32);

it("calls what has no name by its typedef, and writes out what has none at all", () => {
  const writer = new Writer();
  const u32 = addU32(writer);
  const colour = writer.add("", enumeration, 2, 4, "RED", 0, 'GR"EEN', 1);
  const point = writer.add("", struct, 1, 4, "x", u32, 0);
  const named = writer.add("point_t", typedef, 0, point);
  const all = writer.add("all", struct, 3, 12, "first", named, 0, "second", point, 32, "hue", colour, 64);
  const types = typesOf(writer);
  expect(types.of(all)).toBe("XAll");
  const [text = "", ...more] = types.declarations();
  expect(text).toContain("readonly first: XPointT;");
  expect(text).toMatch(/readonly second: \{\n.*\n {4}readonly x: number;/);
  expect(text).toContain('readonly hue: "RED" | "GR\\"EEN" | number;');
  expect(more).toHaveLength(1);
});

it("ends where types don't: a struct within itself, one in the next, what has no value", () => {
  const writer = new Writer();
  const u32 = addU32(writer);
  const self = writer.add("self", struct, 2, 4, "inner", 2, 0, "next", 3, 0);
  const pointer = writer.add("", ptr, 0, self);
  const unknown = writer.add("unknown", fwd, 0, 0);
  const holder = writer.add("holder", struct, 1, 8, "it", unknown, 0);
  const empty = writer.add("empty", struct, 0, 0);
  const list = writer.add("", array, 0, 0, empty, u32, 3);
  const types = typesOf(writer);
  expect([self, pointer, unknown, holder, list].map((id) => types.of(id))).toEqual([
    "XSelf",
    "bigint",
    "never",
    "XHolder",
    "readonly XEmpty[]",
  ]);
  expect(types.declarations()).toEqual([
    expect.stringMatching(/XSelf = \{\n[\s\S]*readonly inner: XSelf;\n[\s\S]*readonly next\?: bigint;\n\};$/),
    expect.stringMatching(/readonly it: never;/),
    expect.stringMatching(/XEmpty = Record<never, never>;$/),
  ]);
});

it("gives a chain of fifty thousand structs as many declarations", () => {
  const writer = new Writer();
  for (let id = 1; id < 50_000; id++) writer.add(`s${id}`, struct, 1, 4, "next", id + 1, 0);
  addU32(writer);
  const types = typesOf(writer);
  types.of(1);
  expect(types.declarations()).toHaveLength(49_999);
});

it.each([
  ["a struct without a name within itself", (writer: Writer) => writer.add("", struct, 1, 4, "self", 1, 0)],
  ["a part without a name within itself", (writer: Writer) => writer.add("", union, 1, 4, "", 1, 0)],
  [
    "thirty structs without a name, each twice in the one before",
    (writer: Writer) => {
      for (let id = 1; id < 30; id++) writer.add("", struct, 2, 4, "a", id + 1, 0, "b", id + 1, 0);
      addU32(writer);
    },
  ],
])("refuses %s", (_, write) => {
  const writer = new Writer();
  write(writer);
  expect(() => typesOf(writer).of(1)).toThrowError(expect.objectContaining({ code: "ERR_SCX_NOT_BPF_OBJECT" }));
});
