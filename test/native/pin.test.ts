// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { native } from "../../src/native/index.js";
import { testObject } from "../objects.js";

let pinRoot: string;
beforeEach(() => {
  pinRoot = mkdtempSync(join(tmpdir(), "scxkit-pin-"));
  execFileSync("mount", ["-t", "bpf", "bpf", pinRoot]);
});
afterEach(() => {
  execFileSync("umount", [pinRoot]);
  rmSync(pinRoot, { recursive: true });
});

const load = async (name: string) => (await BpfObject.open(testObject(name), { pinRoot })).load();

it("pins a map by its name, and the next load goes on with it", async () => {
  const first = await load("pinned");
  const pin = join(pinRoot, "scxkit_pinned");
  expect(existsSync(pin)).toBe(true);
  expect([first.run("pinned_count"), first.run("pinned_count")]).toEqual([1, 2]);
  const second = await load("pinned");
  expect(Object.values(second.maps).map(({ id }) => id)).toEqual(Object.values(first.maps).map(({ id }) => id));
  first.close();
  second.close();
  expect(existsSync(pin)).toBe(true);
  const third = await load("pinned");
  expect(third.run("pinned_count")).toBe(3);
  third.close();
});

it("tells a map of another shape under that name", async () => {
  (await load("pinned")).close();
  await expect(load("pinned_other")).rejects.toMatchObject({
    code: "ERR_SCX_LOAD",
    message: expect.stringMatching(/pinned at .*scxkit_pinned has another shape.*\n.*rm .*pinRoot/),
  });
});

it("tells a folder that is in no bpf file system", async () => {
  const object = await BpfObject.open(testObject("pinned"), { pinRoot: tmpdir() });
  await expect(object.load()).rejects.toMatchObject({
    code: "ERR_SCX_LOAD",
    message: expect.stringMatching(/in no bpf file system.*\n.*mount -t bpf/),
  });
  expect(existsSync(join(tmpdir(), "scxkit_pinned"))).toBe(false);
});

it("knows what a pin is of: a program's id is no map's", async () => {
  const loaded = await load("pinned");
  const [map] = Object.values(loaded.maps);
  expect(native.pinnedMap(join(pinRoot, "scxkit_pinned"))).toBe(map?.id);
  const programs = JSON.parse(execFileSync("bpftool", ["-j", "prog", "show"], { encoding: "utf8" }));
  const own = programs.find(({ map_ids: ids = [] }: { map_ids?: number[] }) => ids.includes(map?.id ?? 0));
  const pin = join(pinRoot, "program");
  execFileSync("bpftool", ["prog", "pin", "id", `${own.id}`, pin]);
  expect(() => native.pinnedMap(pin)).toThrowError(expect.objectContaining({ errno: constants.errno.EINVAL }));
  loaded.close();
});
