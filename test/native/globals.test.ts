// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import type { LoadedObject } from "../../src/index.js";
import { type Count, openCount } from "../golden/gen/count.js";
import { testObject } from "../objects.js";

const prefixes = ["ro", "data", "bss"] as const;

/** What a see_* program finds in its section, by the order of struct seen in count.bpf.c. */
function seen(loaded: LoadedObject<Count>, prefix: (typeof prefixes)[number]): bigint[] {
  const context = new BigInt64Array(16);
  expect(loaded.run(`see_${prefix}`, new Uint8Array(context.buffer))).toBe(0);
  return [...context];
}

it("carries what was set before load into every section", async () => {
  const object = await openCount(testObject("count"));
  for (const prefix of prefixes) {
    object.setGlobal(`${prefix}_u8`, 1);
    object.setGlobal(`${prefix}_u16`, 2);
    object.setGlobal(`${prefix}_u32`, 3);
    object.setGlobal(`${prefix}_u64`, 2n ** 63n - 4n);
    object.setGlobal(`${prefix}_s8`, -5);
    object.setGlobal(`${prefix}_s16`, -6);
    object.setGlobal(`${prefix}_s32`, -7);
    object.setGlobal(`${prefix}_s64`, -8n);
    object.setGlobal(`${prefix}_bool`, true);
    object.setGlobal(`${prefix}_colour`, "BLUE");
    object.setGlobal(`${prefix}_wide`, "WIDE_LOW");
    object.setGlobal(`${prefix}_text`, "abc");
    object.setGlobal(`${prefix}_ints`, [0, 0, 0, -12]);
    object.setGlobal(`${prefix}_grid`, [[], [0, 0, 13]]);
    object.setGlobal(`${prefix}_outer.many`, [{}, {}, { pair: [0, 14] }]);
  }
  const loaded = await object.load();
  for (const prefix of prefixes) {
    const char = prefix === "bss" ? 0n : BigInt("x".charCodeAt(0));
    const expected = [
      1n,
      2n,
      3n,
      2n ** 63n - 4n,
      -5n,
      -6n,
      -7n,
      -8n,
      1n,
      char,
      -3n,
      1n,
      BigInt("b".charCodeAt(0)),
      -12n,
      13n,
      14n,
    ];
    expect(seen(loaded, prefix)).toEqual(expected);
  }
  loaded.close();
});

it("reads and writes .data and .bss while programs live, and refuses .rodata", async () => {
  const loaded = await (await openCount(testObject("count"))).load();
  loaded.globals.data_u64 = 41n;
  loaded.globals.bss_s32 = 0;
  loaded.run("bump");
  expect(loaded.globals).toMatchObject({ data_u64: 42n, bss_s32: -1, ro_u8: 0xff });
  expect(loaded.globals.bss_outer.many[1]?.id).toBe(5);
  expect(() => {
    // @ts-expect-error: the compiler says so, too
    loaded.globals.ro_u8 = 1;
  }).toThrowError(
    expect.objectContaining({ code: "ERR_SCX_USAGE", message: expect.stringContaining("before load()") }),
  );
  loaded.close();
  expect(() => loaded.globals.data_u64).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
});

it("loads an object once", async () => {
  const object = await openCount(testObject("count"));
  const loaded = await object.load();
  await expect(object.load()).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" });
  await expect(loaded.attach()).rejects.toMatchObject({ code: "ERR_SCX_NO_STRUCT_OPS" });
  // @ts-expect-error: the compiler says so, too
  expect(() => loaded.run("nothing")).toThrow(/It has .*count_plain/);
  loaded.close();
  expect(() => loaded.run("bump")).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
});
