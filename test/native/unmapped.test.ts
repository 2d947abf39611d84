// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, expect, it } from "vitest";
import { BpfObject, type LoadedObject, Sampler } from "../../src/index.js";
import { type NativeObject, native } from "../../src/native/index.js";
import { testObject } from "../objects.js";

let loaded: LoadedObject;
beforeEach(async () => {
  loaded = await (await BpfObject.open(testObject("unmapped"))).load();
});
afterEach(() => loaded.close());

/** BPF_F_MMAPABLE of include/uapi/linux/bpf.h. */
const mappable = 1 << 10;

it("statistics in sections that can't be mapped are read by a system call", () => {
  const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 });
  for (const n of [1n, 2n]) expect(loaded.run("see", { n }).status).toBe(0);
  expect(sampler.totals().stats).toEqual({
    nr_seen: { total: 3n, delta: 3n },
    nr_guarded: { total: 7n, delta: 7n },
  });
});

it("so are those that a statistics map names", async () => {
  const object = await BpfObject.open(testObject("unmapped"));
  const mapped = await object.load({ statsMap: { stats: { nr_seen: { name: "seen" } } } });
  mapped.run("see", { n: 3n });
  expect(new Sampler(mapped.stats, { intervalMs: 1e-6 }).totals().stats).toEqual({ seen: { total: 3n, delta: 3n } });
  mapped.close();
});

it("so are globals, live; to write a part of such a section would undo what the program writes meanwhile", () => {
  expect(loaded.run("see", { n: 1n }).status).toBe(0);
  expect([loaded.globals.nr_seen, loaded.globals.nr_guarded]).toEqual([1n, 7n]);
  const refused = expect.objectContaining({ code: "ERR_SCX_USAGE", message: expect.stringContaining("static") });
  expect(() => {
    loaded.globals.nr_seen = 5n;
  }).toThrowError(refused);
});

it("a row of such a section is zeroed where it is, and all before it stays", async () => {
  const object = (await native.Object.open(testObject("unmapped"), "unmapped", {})) as NativeObject;
  await object.load();
  const map = object.map(object.maps().findIndex(({ name }) => name === ".data.guarded"));
  const value = map.readValue();
  expect(value).toContain(7);
  const snapshot = new native.Snapshot(map, { rows: { offset: 16, stride: 8, count: 1 } });
  snapshot.take();
  snapshot.zero(new Uint8Array([1]));
  expect(map.readValue()).toEqual(value);
  object.close();
});

it("no mapping is asked for where there is a lock, a timer or a kptr, with which libbpf from 1.5 on couldn't load it", async () => {
  const object = (await native.Object.open(testObject("unmapped"), "unmapped", {})) as NativeObject;
  const asked = object.maps().map(({ name, flags }) => [name, (flags & mappable) !== 0]);
  expect(Object.fromEntries(asked)).toMatchObject({
    "unmapped.bss": false,
    ".data.guarded": false,
    ".bss.timed": false,
    ".bss.kept": false,
    ".data.mapped": true,
  });
  object.close();
});
