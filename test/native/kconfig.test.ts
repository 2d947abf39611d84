// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { BpfObject } from "../../src/bpf/object.js";
import { testObject } from "../objects.js";

const zero = { value: 0, wide: 0n, boolean: 0, tristate: 0, character: 0, text: "" };

async function read(kconfig: string) {
  const loaded = await (await BpfObject.open(testObject("kconfig"), { kconfig })).load();
  const { status, context } = loaded.run("kconfig_read", {});
  loaded.close();
  expect(status).toBe(0);
  expect(context.version as number).toBeGreaterThan(0x60000);
  return context;
}

it("gives the object the values that it was told", async () => {
  const text = ["VALUE=-3", "WIDE=0x100000000", "BOOL=y", "TRISTATE=m", "CHAR=65", 'TEXT="hi"'];
  expect(await read(text.map((line) => `CONFIG_SCXKIT_${line}\n`).join(""))).toMatchObject({
    ...{ value: -3, wide: 2n ** 32n, boolean: 1, tristate: 2, character: 65, text: "hi" },
  });
});

it("makes the weak ones zero", async () => {
  expect(await read("CONFIG_SCXKIT_VALUE=7")).toMatchObject({ ...zero, value: 7 });
});

it("names a value that the object needs and nobody knows, and where to give it", async () => {
  // With a file of the kernel's configuration, or without one: neither has it.
  await expect((await BpfObject.open(testObject("kconfig"))).load()).rejects.toMatchObject({
    code: "ERR_SCX_KERNEL_LACKS",
    message: expect.stringMatching(/CONFIG_SCXKIT_VALUE.*\n.*__weak/),
  });
});
