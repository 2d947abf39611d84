// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BpfObject, checkStatsMap, type LoadedObject, Sampler } from "../../src/index.js";
import { type NativeObject, native } from "../../src/native/index.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("large"))).load();
});
afterEach(() => loaded.close());

const mapOf = (name: string) => native.mapById(loaded.maps[name]?.id ?? 0);

describe("maps far larger than what is in them", () => {
  it("a hash is read with bounded memory, and whole where it has more entries than are read at a time", () => {
    const rows = 40_000n; // 528 bytes each, of which 16 MiB are read at a time
    expect(loaded.run("fill", { tasks: 1n, rows }).status).toBe(0);
    const keyed = new native.KeyedSnapshot(mapOf("task_stats"), { leaves: new Uint32Array([0, 8, 0]) });
    expect(keyed.take()).toBe(0);
    expect(keyed.states.filter((state) => state === 1)).toHaveLength(Number(rows));
    expect(keyed.words.reduce((sum, word) => sum + word)).toBe((rows * (rows - 1n)) / 2n);
    // All 64 words of an entry: fewer slots, and the others are counted.
    const whole = new native.KeyedSnapshot(mapOf("task_stats"));
    expect(whole.words.byteLength).toBeLessThanOrEqual(8 << 20);
    expect(whole.take()).toBe(Number(rows) - whole.states.length);
  });

  it("how many keys of large values are followed is said, and of how many more nothing is counted", () => {
    expect(loaded.run("fill", { tasks: 1n, rows: 20_000n }).status).toBe(0);
    loaded.stats.refresh();
    const [problem] = (loaded.stats.problems ?? []).filter(({ message }) => message.includes("followed"));
    expect(problem?.message).toMatch(/^Map task_stats has 3616 keys more than can be followed/);
    expect(problem?.remedy).toMatch(/^Of its keys, 16384 are counted/);
  });

  it("an array with a million entries is a table, not a million statistics", () => {
    const names = new Sampler(loaded.stats, { intervalMs: 1000 }).schema.stats.map(({ name }) => name);
    expect(names).toContain("words_0");
    expect(names.filter((name) => name.startsWith("table"))).toEqual([]);
  });

  it("nor does a statistics map make it one", async () => {
    const statsMap = checkStatsMap({ stats: { "table_stats[5]": {} } });
    await using mapped = await (await BpfObject.open(testObject("large"))).load({ statsMap });
    expect(() => mapped.stats.schema).toThrow("map table_stats has 1000000 integers");
  });

  it("a hash is emptied in a time that grows with what is in it", async () => {
    const object = (await native.Object.open(testObject("large"), "large", {})) as NativeObject;
    await object.load();
    const program = (name: string) => object.program(object.programs().findIndex((one) => one.name === name));
    const map = object.map(object.maps().findIndex(({ name }) => name === "tasks"));
    const tasks = new Uint8Array(new BigUint64Array([300_000n, 0n]).buffer);
    expect(program("fill").run(tasks)).toBe(0);
    expect(program("has").run(tasks)).toBe(1);
    await map.clear(); // the time limit is the test's own
    expect(program("has").run(tasks)).toBe(0);
    map.close();
    object.close();
  });

  it("what others loaded can't be written to", () => {
    const data = Object.values(loaded.maps).find((map) => map.name.endsWith(".bss"));
    const map = native.mapById(data?.id ?? 0);
    expect(() => map.writeMapped(0, new Uint8Array(8))).toThrow("Operation not permitted");
    map.close();
  });
});
