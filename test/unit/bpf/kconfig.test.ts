// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, expect, it } from "vitest";
import { completeKconfig, requireKconfig } from "../../../src/bpf/kconfig.js";
import { BpfObject } from "../../../src/bpf/object.js";
import { testObject } from "../../objects.js";

let object: BpfObject;
beforeAll(async () => {
  object = await BpfObject.open(testObject("kconfig"));
});
afterAll(() => object.close());

const complete = (given: string | undefined, hasFile: boolean, elsewhere?: string) =>
  completeKconfig(object.btf, object.describe().externs, given, { hasFile, elsewhere: () => elsewhere });
const weak = ["WIDE=0", "BOOL=n", "TRISTATE=n", "CHAR=0", 'TEXT=""'].map((line) => `CONFIG_SCXKIT_${line}\n`);

it("leaves it to the kernel's own configuration where there is one", () => {
  expect(complete(undefined, true)).toEqual({ text: undefined, missing: [] });
  expect(complete("CONFIG_HZ=1", true)).toEqual({ text: "CONFIG_HZ=1", missing: [] });
});

it("tells the weak ones to be zero where there is none, and what is missing", () => {
  const { text, missing } = complete(undefined, false);
  expect(text?.match(/.*\n/g)?.sort()).toEqual([...weak].sort());
  expect(missing).toEqual(["CONFIG_SCXKIT_VALUE"]);
  expect(() => requireKconfig({ text, missing })).toThrowError(
    expect.objectContaining({
      code: "ERR_SCX_KERNEL_LACKS",
      message: expect.stringMatching(/CONFIG_SCXKIT_VALUE .*\n.*--kconfig FILE.*__weak/),
    }),
  );
});

it("keeps what it was given", () => {
  const given = "# CONFIG_SCXKIT_WIDE is not set\nCONFIG_SCXKIT_VALUE=7\nCONFIG_SCXKIT_BOOL=y";
  const { text, missing } = complete(given, false);
  expect(missing).toEqual([]);
  expect(text?.startsWith(`${given}\n`)).toBe(true);
  expect(text?.match(/^CONFIG_\w+/gm)?.sort()).toEqual(
    ["VALUE", "WIDE", "BOOL", "TRISTATE", "CHAR", "TEXT"].map((name) => `CONFIG_SCXKIT_${name}`).sort(),
  );
});

it("takes what it wasn't given from a file that libbpf doesn't know", () => {
  const file =
    'CONFIG_SCXKIT_VALUE=1\nCONFIG_SCXKIT_TEXT="there"\nCONFIG_SCXKIT_BOOL=y\n# CONFIG_SCXKIT_WIDE is not set\nCONFIG_HZ=250\n';
  const { text, missing } = complete("CONFIG_SCXKIT_VALUE=7", false, file);
  expect(missing).toEqual([]);
  expect(text?.trimEnd().split("\n").sort()).toEqual(
    [
      "CONFIG_SCXKIT_VALUE=7",
      'CONFIG_SCXKIT_TEXT="there"',
      "CONFIG_SCXKIT_BOOL=y",
      ...["WIDE=0", "TRISTATE=n", "CHAR=0"].map((line) => `CONFIG_SCXKIT_${line}`),
    ].sort(),
  );
  expect(complete(undefined, true, file).text).toBeUndefined();
});

it("has nothing to do for an object that doesn't ask", async () => {
  using other = await BpfObject.open(testObject("count"));
  expect(
    completeKconfig(other.btf, other.describe().externs, undefined, { hasFile: false, elsewhere: () => "" }),
  ).toEqual({
    text: undefined,
    missing: [],
  });
});
