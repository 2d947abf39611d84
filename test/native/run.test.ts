// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import type { LoadedObject } from "../../src/scheduler/loaded.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
beforeAll(async () => {
  const object = await BpfObject.open(testObject("shapes"));
  object.globals.table = [4, 5];
  object.globals.nr = 2;
  object.resize("shapes_map", 1);
  object.resize("marks", 2);
  object.setGlobal("config.rows[1]", { low: 11, mood: "BUSY", y: -7 });
  loaded = await object.load();
});
afterAll(() => loaded.close());

it("gives a program its context as an object, and it back", () => {
  expect(loaded.run("shapes_sum", { add: 3, name: "b", counts: [1n, 2n ** 63n] })).toEqual({
    status: 2,
    context: { add: 3, y: -7, name: "bx", sum: 9n, first: 11, second: 5, counts: [1n, 2n ** 63n, 2n ** 63n + 1n] },
  });
  expect(loaded.globals.marks).toEqual([3n, 3n]);
});

it("says a negative errno as such", () => {
  expect(loaded.run("shapes_sum", { name: "a" })).toMatchObject({ status: -7 });
});

it.each([
  ["shapes_sum", { nothing: 1 }, "ERR_SCX_VALUE", /struct shapes_args has no member "nothing"/],
  ["shapes_sum", { y: 40000 }, "ERR_SCX_VALUE", /shapes_sum\.y: 40000/],
  ["shapes_none", {}, "ERR_SCX_USAGE", /what struct program shapes_none is given/],
  ["shapes_untyped", {}, "ERR_SCX_USAGE", /as bytes/],
  ["shapes", {}, "ERR_SCX_USAGE", /./],
])("refuses %s with %j", (program, context, code, why) => {
  expect(() => loaded.run(program, context)).toThrowError(expect.objectContaining({ code }));
  expect(() => loaded.run(program, context)).toThrow(why);
});

it("takes bytes, and nothing, as ever", () => {
  expect(loaded.run("shapes_none")).toBe(0);
  expect(loaded.run("shapes_untyped", new Uint8Array(3))).toBe(1);
});

it("refuses a program that was not loaded", async () => {
  const object = await BpfObject.open(testObject("readers"));
  object.setProgram("count_event", "off");
  await using without = await object.load();
  expect(() => without.run("count_event", { n: 1n, key: 0n })).toThrowError(
    expect.objectContaining({ code: "ERR_SCX_USAGE", message: expect.stringMatching(/not loaded\.\nIt has count_/) }),
  );
});
