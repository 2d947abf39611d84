// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject, type LoadedObject, type WritableMap } from "../../src/index.js";
import { numbersIn } from "../../src/kernel/cpus.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("readers"))).load();
});
afterEach(() => loaded.close());

const map = (name: string) => loaded.maps[name] as WritableMap;
const count = (program: string, n: bigint, key = 0n) => expect(loaded.run(program, { n, key }).status).toBe(0);
const cpus = numbersIn(readFileSync("/sys/devices/system/cpu/possible", "utf8")).length;
const onEach = (value: bigint) => Array.from({ length: cpus }, () => value);
const refused = (code: string, message: RegExp, errno?: number) =>
  expect.objectContaining({ code, message: expect.stringMatching(message), ...(errno !== undefined && { errno }) });

describe("maps by their types", () => {
  it("are there by name, with the kernel's ids and types", () => {
    expect(Object.keys(loaded.maps)).toEqual(expect.arrayContaining(["event_stats", "pair_counters", "waiting"]));
    expect([map("pid_stats").type, map("config").type]).toEqual(["percpu_hash", "array"]);
    expect(map("pid_stats").id).toBeGreaterThan(0);
    expect(loaded.maps.nobody).toBeUndefined();
  });

  it("have what the program put in, and the program sees what is set", () => {
    count("count_rest", 9n);
    expect(map("plain_cnt").get(1)).toBe(9);
    expect(map("plain_cnt").get(2)).toBeUndefined();
    expect([...map("plain_cnt").entries()]).toEqual([
      [0, 0],
      [1, 9],
    ]);
    expect([...map("pair_counters")]).toEqual([[{ name: "left", node: -1 }, 9n]]);
    expect(map("pair_counters").get({ name: "left", node: -1 })).toBe(9n);
    expect(map("pair_counters").get({ name: "right" })).toBeUndefined();
    map("pair_counters").set({ name: "right" }, 5);
    expect([...map("pair_counters")]).toHaveLength(2);
    expect(map("pair_counters").delete({ name: "right" })).toBe(true);
    expect(map("pair_counters").delete({ name: "right" })).toBe(false);
  });

  it("of a per-CPU map have a value for each CPU that there can be", () => {
    map("event_stats").set(1, onEach(100n));
    count("count_event", 7n, 1n);
    const values = map("event_stats").get(1) as bigint[];
    expect([...values].sort()).toEqual([...onEach(100n).slice(1), 107n].sort());
    map("place_stats").set(
      0,
      Array.from({ length: cpus }, () => ({ queued: 3, balance: -4, far: { moved: [[1n], [0n, 2n]] } })),
    );
    const [place] = map("place_stats").get(0) as object[];
    expect(place).toEqual({
      queued: 3,
      balance: -4,
      far: {
        moved: [
          [1n, 0n],
          [0n, 2n],
        ],
      },
    });
    count("count_place", 1n);
    expect((map("place_stats").get(0) as { queued: number }[]).map(({ queued }) => queued).sort()).toContain(4);
    map("pid_stats").set(10, onEach(1n), "new");
    expect([...map("pid_stats").entries()]).toEqual([[10, onEach(1n)]]);
  });

  it("are gone through while keys come and go", () => {
    for (let pid = 0; pid < 8; pid++) map("pid_stats").set(pid, onEach(BigInt(pid)));
    const seen: unknown[] = [];
    for (const [pid] of map("pid_stats")) {
      seen.push(pid);
      map("pid_stats").delete(pid as number);
    }
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe("what can't be done with a map", () => {
  it.each<[string, () => unknown, string, RegExp, number?]>([
    [
      "a key of another type",
      () => map("plain_cnt").get("one"),
      "ERR_SCX_VALUE",
      /^plain_cnt's key: "one" is no value of type u32/,
    ],
    ["a key out of its range", () => map("plain_cnt").get(-1), "ERR_SCX_VALUE", /^plain_cnt's key: -1 /],
    ["a member that a key hasn't", () => map("pair_counters").get({ cpu: 1 }), "ERR_SCX_VALUE", /no member "cpu"/],
    ["a value of another type", () => map("plain_cnt").set(0, "x"), "ERR_SCX_VALUE", /^plain_cnt: "x" is no value/],
    [
      "one value for all CPUs",
      () => map("event_stats").set(0, 1n),
      "ERR_SCX_VALUE",
      /kept per CPU, and is given no list/,
    ],
    ["too few values", () => map("event_stats").set(0, []), "ERR_SCX_VALUE", /is given 0 values/],
    ["no BTF", () => map("untyped_stats").get(0), "ERR_SCX_NO_BTF", /untyped_stats carries no BTF types/],
    ["a queue", () => map("waiting").get(0), "ERR_SCX_USAGE", /waiting is of type queue/],
    [
      "globals",
      () => map("readers.bss").get(0),
      "ERR_SCX_USAGE",
      /readers\.bss is a section of global data\.\n.*globals/,
    ],
    ["an entry of an array deleted", () => map("plain_cnt").delete(0), "ERR_SCX_USAGE", /is an array/],
    ["an entry past the end", () => map("plain_cnt").set(7, 1), "ERR_SCX_MAP_WRITE", /plain_cnt can't be written/, 7],
    ["a key that is no new one", () => map("plain_cnt").set(0, 1, "new"), "ERR_SCX_MAP_WRITE", /exists/, 17],
    [
      "a key that isn't there",
      () => map("pid_stats").set(1, onEach(1n), "existing"),
      "ERR_SCX_MAP_WRITE",
      /No such/,
      2,
    ],
  ])("%s", (_, call, code, message, errno) => {
    expect(call).toThrowError(refused(code, message, errno));
  });

  it("a map that is full, or closed", () => {
    for (let pid = 0; pid < 8; pid++) map("pid_stats").set(pid, onEach(1n));
    expect(() => map("pid_stats").set(8, onEach(1n))).toThrowError(refused("ERR_SCX_MAP_WRITE", /pid_stats/, 7));
    const pids = map("pid_stats");
    const maps = loaded.maps;
    loaded.close();
    expect(() => pids.get(1)).toThrowError(refused("ERR_SCX_CLOSED", /closed/));
    expect(() => maps.plain_cnt?.get(1)).toThrowError(refused("ERR_SCX_CLOSED", /closed/));
    expect(() => loaded.maps).toThrowError(refused("ERR_SCX_CLOSED", /closed/));
  });

  it("a map of maps", () => {
    expect(() => map("maps").get(0)).toThrowError(refused("ERR_SCX_USAGE", /maps is of type array_of_maps/));
  });
});
