// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { testObject } from "../objects.js";

let object: BpfObject;
beforeEach(async () => {
  object = await BpfObject.open(testObject("shapes"));
});
afterEach(() => object.close());

it("gives resized arrays to the programs, and their live memory to us", async () => {
  object.globals.table = [10, 20, 30];
  object.resize("shapes_map", 1);
  object.resize("marks", 3);
  object.resize("zeros", 600);
  object.setGlobal("zeros[599]", -1);
  object.globals.nr = 3;
  object.setGlobal("marks[1]", 5);
  const loaded = await object.load();
  const context = new Uint8Array(56);
  new DataView(context.buffer).setUint32(0, 2, true);
  expect(loaded.run("shapes_sum", context)).toBe(3);
  expect(new DataView(context.buffer).getBigUint64(16, true)).toBe(60n);
  expect(loaded.globals.marks).toEqual([2n, 7n, 2n]);
  expect((loaded.globals.zeros as number[]).slice(-2)).toEqual([0, -1]);
  loaded.globals.marks = [0, 0, 9];
  loaded.run("shapes_sum", context);
  expect(loaded.globals).toMatchObject({ marks: [2n, 2n, 11n], table: [10, 20, 30] });
  expect(() => {
    loaded.globals.marks = [1, 2, 3, 4];
  }).toThrowError(expect.objectContaining({ code: "ERR_SCX_USAGE", message: expect.stringContaining("resized") }));
  loaded.close();
});

it("gives a map as many entries as it was told", async () => {
  object.resize("shapes_map", 5);
  expect(object.describe().maps.find(({ name }) => name === "shapes_map")).toMatchObject({ maxEntries: 5 });
  expect(() => object.resize("shapes_map", 0)).toThrowError(expect.objectContaining({ code: "ERR_SCX_VALUE" }));
  const loaded = await object.load();
  const id = loaded.maps.shapes_map?.id;
  const shown = readdirSync("/proc/self/fdinfo").map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    } catch {
      return ""; // the folder's own
    }
  });
  expect(shown.find((text) => text.includes(`map_id:\t${id}\n`))).toMatch(/^max_entries:\t5$/m);
  loaded.close();
});

it("says that a map has no size", async () => {
  await expect(object.load()).rejects.toMatchObject({
    code: "ERR_SCX_LOAD",
    message: expect.stringMatching(/Map shapes_map \(array\) has no size.*\n.*--resize shapes_map=N/),
  });
});
