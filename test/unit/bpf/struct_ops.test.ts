// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Btf } from "../../../src/bpf/btf.js";
import { chooseScheduler, type StructOps, structOpsMaps } from "../../../src/bpf/struct_ops.js";
import { native } from "../../../src/native/index.js";
import { testObject } from "../../objects.js";

async function structOps(name: string): Promise<StructOps[]> {
  const object = await native.Object.open(testObject(name), name, {});
  if (typeof object === "string") throw new Error(object);
  return structOpsMaps(object, object.maps(), new Btf(object.btf() as Uint8Array), undefined);
}

/** A kernel that knows these types, and remembers what it was asked. */
function kernel(...known: string[]) {
  const asked: string[] = [];
  const has = async (type: string) => {
    asked.push(type);
    return known.includes(type);
  };
  return { has, asked };
}

it("takes the newer form of a scheduler in two where the kernel knows it, else the older", async () => {
  const all = await structOps("cid");
  expect(all.map(({ map, type }) => [map, type])).toEqual([
    ["cid_ops", "sched_ext_ops"],
    ["cid_ops_cid", "sched_ext_ops_cid"],
  ]);
  const choose = async (...known: string[]) => (await chooseScheduler(all, undefined, kernel(...known).has))?.map;
  expect(await choose("sched_ext_ops")).toBe("cid_ops");
  expect(await choose("sched_ext_ops", "sched_ext_ops_cid")).toBe("cid_ops_cid");
});

it("takes what was wanted, and asks no kernel", async () => {
  const { has, asked } = kernel();
  for (const map of ["cid_ops", "cid_ops_cid"])
    expect((await chooseScheduler(await structOps("cid"), map, has))?.map).toBe(map);
  await expect(chooseScheduler(await structOps("cid"), "third", has)).rejects.toMatchObject({
    code: "ERR_SCX_USAGE",
    remedy: expect.stringMatching(/--ops-map .*cid_ops, cid_ops_cid/),
  });
  expect(asked).toEqual([]);
});

it("takes the only one, and none of two of the same type", async () => {
  const { has, asked } = kernel();
  expect((await chooseScheduler(await structOps("companions"), undefined, has))?.map).toBe("companions_ops");
  expect(await chooseScheduler(await structOps("two"), undefined, has)).toBeUndefined();
  expect(await chooseScheduler(await structOps("count"), undefined, has)).toBeUndefined();
  expect(asked).toEqual([]);
});
