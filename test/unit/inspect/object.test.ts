// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { release } from "node:os";
import { expect, it } from "vitest";
import { BpfObject } from "../../../src/bpf/object.js";
import { inspectObject } from "../../../src/inspect/object.js";
import { readConfig } from "../../../src/kernel/config.js";
import { shippedObject, testObject, trapObject } from "../../objects.js";

const hasSchedExt = existsSync("/sys/kernel/sched_ext");
const hasBtf = existsSync("/sys/kernel/btf/vmlinux");

it("names the ops' callbacks with their programs, and the fields that are set", async () => {
  const { name, ops } = await inspectObject(shippedObject("simple"));
  expect(name).toBe("simple");
  expect(ops).toHaveLength(1);
  expect(ops[0]).toMatchObject({ map: "simple_ops", type: "sched_ext_ops", name: "simple" });
  expect(ops[0]?.callbacks).toEqual(
    ["select_cpu", "enqueue", "dispatch", "running", "stopping", "enable", "init", "exit"].map((callback) => ({
      name: callback,
      program: `simple_${callback}`,
    })),
  );
  expect(ops[0]?.fields.map(({ name, type, value }) => [name, type, value])).toEqual([
    ["timeout_ms", "u32", 10000],
    ["name", "char[128]", "simple"],
  ]);
});

it("lists programs and maps by the kernel's names of their types", async () => {
  const { programs, maps } = await inspectObject(shippedObject("simple"));
  expect(programs).toContainEqual(
    expect.objectContaining({ name: "simple_init", section: "struct_ops.s/simple_init", typeName: "struct_ops" }),
  );
  expect(programs).toContainEqual(expect.objectContaining({ name: "scx_stats_reset", typeName: "syscall" }));
  const map = (name: string) => maps.find((one) => one.name === name);
  expect(map("run_start")).toMatchObject({
    typeName: "percpu_array",
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
    key: { type: "u32" },
    value: { type: "u64" },
  });
  expect(map("scx_stats")?.value?.type).toBe("struct simple_stats");
  expect(map("scx_stats")?.value?.members?.[1]).toEqual({ name: "global", type: "u64", offset: 8 });
  expect(map("simple_ops")?.typeName).toBe("struct_ops");
});

it("gives globals with their types as C would write them, and their defaults", async () => {
  const { globals } = await inspectObject(testObject("count"));
  const global = (name: string) => globals.find((one) => one.name === name);
  expect(global("ro_u64")).toEqual({ name: "ro_u64", section: ".rodata", type: "u64", size: 8, value: 2n ** 64n - 1n });
  expect(global("ro_grid")).toMatchObject({ type: expect.stringMatching(/\[2\]\[3\]$/) });
  expect(global("data_outer")).toMatchObject({ section: ".data", type: "struct outer" });
  expect(global("bss_u64")).toMatchObject({ section: ".bss", value: 0n });
});

it("gives no value of pointers and of large buffers", async () => {
  const { globals } = await inspectObject(testObject("two"));
  expect(globals).toEqual(
    expect.arrayContaining([
      { name: "buffer", section: ".data", type: "u8[8192]", size: 8192 },
      { name: "place", section: ".data", type: "struct entry *", size: 8 },
    ]),
  );
});

it("finds the statistics, and tells an object without", async () => {
  const { stats } = await inspectObject(shippedObject("simple"));
  expect(stats?.name).toBe("simple_stats");
  expect(stats?.stats.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "local counter",
    "global counter",
    "dispatched counter",
    "expired counter",
    "busy gauge",
  ]);
  expect(await inspectObject(testObject("two"))).not.toHaveProperty("stats");
});

it("tells what the kernel has to bring, by its own names, and whether this one does", async () => {
  const { externs, kernel } = await inspectObject(testObject("two"));
  const kinds = new Map(externs.map((one) => [one.name, one]));
  expect(kinds.get("LINUX_KERNEL_VERSION")).toMatchObject({ kind: "kconfig", weak: false });
  expect(kinds.get("scxkit_no_variable")).toMatchObject({ kind: "ksym", weak: true });
  expect(kinds.get("scxkit_no_function___old")).toMatchObject({
    kind: "kfunc",
    weak: true,
    symbol: "scxkit_no_function",
  });
  expect(kernel).toMatchObject({ release: release(), schedExt: hasSchedExt });
  // Called by two flavours, one of them strong: without it the object can't be loaded.
  const present = hasBtf ? { present: false } : {};
  expect(kernel.kfuncs.filter(({ name }) => name === "scxkit_no_function")).toEqual([
    { name: "scxkit_no_function", weak: false, ...present },
  ]);
  expect(kernel.members.map(({ struct, name }) => `${struct}.${name}`)).toEqual([
    "sched_ext_ops.enqueue",
    "sched_ext_ops.name",
    "sched_ext_ops.flags",
  ]);
  expect(kernel.structs).toEqual([{ name: "sched_ext_ops", ...(hasBtf && { present: hasSchedExt }) }]);
  // LINUX_KERNEL_VERSION is libbpf's own: no configuration has it.
  expect(kernel.config).toEqual([]);
  if (hasBtf) for (const member of kernel.members) expect(member.present).toBe(hasSchedExt);
});

it("holds what it asks of the configuration against the kernel's", async () => {
  const { kernel } = await inspectObject(trapObject("no_config"));
  const known = readConfig(release()) !== undefined;
  expect(kernel.config).toEqual([{ name: "CONFIG_SCXKIT_NOTHING", weak: false, ...(known && { present: false }) }]);
});

it("describes all schedulers of an object, of which one has to be chosen to go on", async () => {
  const { ops } = await inspectObject(testObject("two"));
  expect(ops.map(({ map, name }) => [map, name])).toEqual([
    ["first_ops", "first"],
    ["second_ops", "second"],
  ]);
  expect(ops[1]?.fields.find(({ name }) => name === "flags")?.value).toBe(2n ** 64n - 1n);

  using object = await BpfObject.open(testObject("two"));
  expect(() => object.scheduler).toThrow(/Choose one with --ops-map .*: first_ops, second_ops/);
  await expect(object.load()).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
  using chosen = await BpfObject.open(testObject("two"), { opsMap: "second_ops" });
  expect(chosen.scheduler).toBe("second");
});

it("describes the values that are set now, until the object is closed", async () => {
  const object = await BpfObject.open(shippedObject("simple"));
  object.globals.fifo = true;
  object.ops.timeout_ms = 0;
  const { globals, ops } = object.describe();
  expect(globals.find(({ name }) => name === "fifo")?.value).toBe(true);
  expect(ops[0]?.fields.map(({ name }) => name)).toEqual(["name"]);
  object.close();
  expect(() => object.describe()).toThrowError(expect.objectContaining({ code: "ERR_SCX_CLOSED" }));
});
