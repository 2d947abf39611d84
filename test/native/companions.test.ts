// SPDX-License-Identifier: MIT
// Without sched_ext: the object's scheduler is left out, its other programs are what they are anywhere.
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { type NativeObject, native } from "../../src/native/index.js";
import { Companions } from "../../src/scheduler/companions.js";
import { testObject } from "../objects.js";

async function load(name: string): Promise<NativeObject> {
  const object = await native.Object.open(testObject(name), name, {});
  if (typeof object === "string") throw new Error(object);
  object.maps().forEach(({ typeName }, index) => {
    if (typeName === "struct_ops") object.setAutocreate(index, false);
  });
  await object.load();
  return object;
}

/** The counters of companions.bpf.c, in the order that they stand in .bss. */
function counters(object: NativeObject): bigint[] {
  const map = object.map(object.maps().findIndex(({ name }) => name.endsWith(".bss")));
  const bytes = map.readMapped(0, new Uint8Array(map.info().valueSize));
  map.close();
  return [...new BigUint64Array(bytes.buffer)];
}

const counted = (object: NativeObject): number => counters(object).filter((value) => value > 0n).length;

/** Those of companions.bpf.c that not every machine can attach: without tracefs, or without kprobes. */
const left = new Set(["companions_exec", "companions_sleep"]);

it("attaches what names a place, and counts no more when detached", async () => {
  const object = await load("companions");
  const companions = new Companions(object, left);
  expect(counted(object)).toBe(0);
  await companions.attach();
  await companions.attach();
  execFileSync("sleep", ["0.01"]);
  expect(counted(object)).toBe(2); // switches and wakeups
  await companions.detach();
  await companions.detach();
  const before = counters(object);
  execFileSync("sleep", ["0.01"]);
  expect(counters(object)).toEqual(before);
  object.close();
});

it("leaves out what it is told to", async () => {
  const object = await load("companions");
  const companions = new Companions(object, new Set([...left, "companions_wakeup"]));
  await companions.attach();
  execFileSync("sleep", ["0.01"]);
  await companions.detach();
  expect(counted(object)).toBe(1);
  object.close();
});

it("attaches none when one can't be, as often as it is tried", async () => {
  const object = await load("companion_lost");
  const companions = new Companions(object, new Set());
  for (let i = 0; i < 20; i++)
    await expect(companions.attach()).rejects.toMatchObject({ code: "ERR_SCX_ATTACH", errno: 2 });
  const before = counters(object);
  execFileSync("sleep", ["0.01"]);
  expect(counters(object)).toEqual(before);
  object.close();
});

it("detaches when the object is closed before", async () => {
  for (let i = 0; i < 10; i++) {
    const object = await load("companions");
    const companions = new Companions(object, left);
    await companions.attach();
    object.close();
    await companions.detach();
  }
});
