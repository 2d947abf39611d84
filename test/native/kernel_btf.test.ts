// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { kernelBtf } from "../../src/kernel/sched_ext.js";

/** The same from bpftool: the members of each struct, the values of each enum, of that name. */
function bpftool(kind: string, name: string): { name: string; val?: number }[] | undefined {
  const text = execFileSync("bpftool", ["-j", "btf", "dump", "file", "/sys/kernel/btf/vmlinux"], {
    maxBuffer: 2 ** 30,
    encoding: "utf8",
  });
  const { types } = JSON.parse(text) as { types: { kind: string; name: string; members?: []; values?: [] }[] };
  const found = types.find((type) => type.kind === kind && type.name === name);
  return found?.members ?? found?.values;
}

it("finds structs and enums of the running kernel as bpftool does", async () => {
  const kernel = await kernelBtf();
  expect(kernel.members("task_struct")?.filter(Boolean)).toEqual(
    bpftool("STRUCT", "task_struct")
      ?.map(({ name }) => name)
      .filter((name) => name !== "(anon)"),
  );
  const enumerators = bpftool("ENUM", "bpf_map_type");
  expect(Object.entries(kernel.enumerators("bpf_map_type") ?? {})).toEqual(
    enumerators?.map(({ name, val }) => [name, BigInt(val ?? 0)]),
  );
  expect(kernel.members("bpf_map_type")).toBeUndefined();
  expect(kernel.members("no_such_struct_anywhere")).toBeUndefined();
  expect(kernel.members("ask_struct")).toBeUndefined();
  expect(kernel.hasFunction("schedule")).toBe(true);
  expect(kernel.hasFunction("task_struct")).toBe(false);
  expect(kernel.hasFunction("no_such_function_anywhere")).toBe(false);
});
