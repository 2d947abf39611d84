// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { expect, it, vi } from "vitest";
import { BpfObject } from "../../src/index.js";
import { native } from "../../src/native/index.js";
import { programsBeside } from "../../src/source/beside.js";
import { testObject } from "../objects.js";

const load = async () => (await BpfObject.open(testObject("readers"))).load();
const ids = (maps: object) => Object.values(maps as Record<string, { id: number }>).map(({ id }) => id);

it("the programs of an object are found by any of them, and no other object's, though it is of the same file", async () => {
  await using one = await load();
  await using other = await load();
  const all = native.programIds().map((id) => native.programById(id));
  const counts = all.filter(({ name }) => name === "count_rest");
  expect(counts.length).toBeGreaterThanOrEqual(2);
  const own = counts.find(({ maps }) => maps.includes(one.maps.pair_counters?.id ?? 0));
  const beside = programsBeside(own ? [own] : []);
  expect(beside.map(({ name }) => name)).toEqual(expect.arrayContaining(["count_rest", "count_pid", "count_event"]));
  const used = beside.flatMap(({ maps }) => maps);
  expect(used).toEqual(expect.arrayContaining([one.maps.pid_stats?.id, one.maps.event_stats?.id]));
  expect(ids(other.maps).filter((id) => used.includes(id))).toEqual([]);
});

it.each(["ENOENT", "EPERM", "EACCES"] as const)(
  "a program that can't be opened for %s keeps no other from being found",
  async (errno) => {
    await using _ = await load();
    const all = native.programIds().map((id) => native.programById(id));
    const own = all.filter(({ name }) => name === "count_rest").slice(-1);
    const beside = programsBeside(own);
    const { programById } = native;
    const looking = vi.spyOn(native, "programById").mockImplementation((id) => {
      const program = programById(id);
      if (program.name === "count_event") throw Object.assign(new Error("no"), { errno: constants.errno[errno] });
      return program;
    });
    const rest = beside.map(({ name }) => name).filter((name) => name !== "count_event");
    expect(programsBeside(own).map(({ name }) => name)).toEqual(rest);
    expect(rest.length).toBeLessThan(beside.length);
    looking.mockRestore();
  },
);

it("no object is anybody's whose programs have no BTF", () => {
  expect(programsBeside([{ name: "bare", type: 1, maps: [], btfId: 0, age: 0n }])).toEqual([]);
});

it("struct_ops maps are told from others", async () => {
  await using loaded = await load();
  const found = native.structOpsMaps();
  expect(ids(loaded.maps).filter((id) => found.includes(id))).toEqual([]);
});
