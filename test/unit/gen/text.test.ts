// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { moduleName, Names } from "../../../src/gen/name.js";
import { comment, literal, property } from "../../../src/gen/text.js";

const parts = [
  "*/",
  "*",
  "/",
  "//",
  "\n",
  "\r",
  "\u2028",
  "\u202e",
  "\0",
  '"',
  "\\",
  "`",
  "#{",
  "a",
  "é",
  "\ud800",
  "@ts-ignore",
];

/** Texts of three such parts: all there are. */
const texts = parts.flatMap((a) => parts.flatMap((b) => parts.map((c) => a + b + c)));

it("ends a comment where it ends", () => {
  for (const text of texts) {
    const written = comment(text);
    expect([text, written.indexOf("*/")]).toEqual([text, written.length - 2]);
    expect(written).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});

it("writes literals that mean what they should, and show it", () => {
  for (const text of texts) {
    const written = literal(text);
    expect(new Function(`return ${written}`)()).toBe(text);
    expect(written).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});

it.each([
  ["slice_us", "slice_us"],
  ["$x", "$x"],
  ["9lives", '"9lives"'],
  ["init.____fmt", '"init.____fmt"'],
  ["", '""'],
  ["größe", '"größe"'],
])("names property %s %s", (name, written) => expect(property(name)).toBe(written));

it.each([
  ["simple", "Simple"],
  ["scx_layered", "ScxLayered"],
  ["my-own.v2", "MyOwnV2"],
  ["2nd", "Bpf2nd"],
  ["*/", "Bpf"],
  ["promise", "BpfPromise"],
  ["bpf_object", "BpfBpfObject"],
])("calls the module of %s %s", (object, name) => expect(moduleName(object)).toBe(name));

it("gives each name once", () => {
  const names = new Names("Open");
  expect(names.own("Stats")).toBe("OpenStats");
  expect(["stats", "open_stats", "stats"].map((name) => names.of("struct", name))).toEqual([
    "OpenStatsStruct",
    "OpenStatsStruct2",
    "OpenStatsStruct3",
  ]);
  expect(names.of("enum", "stats")).toBe("OpenStatsEnum");
  expect(names.of("struct", "options")).toBe("OpenOptionsStruct"); // OpenOptions is the library's

  const same = Array.from({ length: 50_000 }, () => names.of("struct", "x"));
  expect(new Set(same).size).toBe(50_000);
});
