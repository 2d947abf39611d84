// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { ObjectParts } from "../../src/bpf/object.js";
import { type NativeObject, native } from "../../src/native/index.js";
import { requireRestorable, SavedState } from "../../src/scheduler/restore.js";
import { testObject } from "../objects.js";

/** An object, loaded, and what its only syscall program returns when it is run. */
async function load(name: string, pinRoot?: string) {
  const object = (await native.Object.open(testObject(name), name, { pinRoot })) as NativeObject;
  const parts = { maps: object.maps() } as unknown as ObjectParts;
  requireRestorable(name, parts);
  await object.load();
  const program = object.programs().findIndex(({ section }) => section === "syscall");
  const saved = new SavedState(parts, (index) => object.map(index));
  return { object, saved, run: (...context: bigint[]) => runOf(object, program, context) };
}

const runOf = (object: NativeObject, program: number, context: readonly bigint[]) =>
  object.program(program).run(new Uint8Array(new BigUint64Array(context).buffer));

it("globals are put back to what they were, locked ones too", async () => {
  const { object, saved, run } = await load("unmapped");
  const seen = object.maps().findIndex(({ name }) => name.endsWith(".bss"));
  expect(run(5n)).toBe(0);
  expect(object.map(seen).readValue()[0]).toBe(5);
  await saved.restore();
  expect(object.map(seen).readValue()[0]).toBe(0);
  object.close();
});

it("a pinned map keeps what is in it, as it would over a load afresh", async () => {
  const pinRoot = mkdtempSync(join(tmpdir(), "scxkit-pin-"));
  execFileSync("mount", ["-t", "bpf", "bpf", pinRoot]);
  try {
    const { object, saved, run } = await load("pinned", pinRoot);
    expect([run(), run()]).toEqual([1, 2]);
    await saved.restore();
    expect(run()).toBe(3);
    object.close();
  } finally {
    execFileSync("umount", [pinRoot]);
    rmSync(pinRoot, { recursive: true });
  }
});
