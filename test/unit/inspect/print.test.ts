// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { inspectObject, type ObjectDescription } from "../../../src/inspect/object.js";
import { describeLines } from "../../../src/inspect/print.js";
import { shippedObject, testObject } from "../../objects.js";

const simple = await inspectObject(shippedObject("simple"));

/** The rows under a heading, their columns. */
function section(object: ObjectDescription, heading: string): string[][] {
  const lines = describeLines(object);
  const from = lines.findIndex((line) => line.startsWith(heading)) + 1;
  const end = lines.indexOf("", from);
  return lines.slice(from, end < 0 ? undefined : end).map((line) => line.trim().split(/ {2,}/));
}

it("has a section for everything", () => {
  expect(describeLines(simple).filter((line) => line !== "" && !line.startsWith(" "))).toEqual([
    'Ops simple_ops: sched_ext_ops "simple"',
    "Programs",
    "Maps",
    "Globals",
    "Statistics simple_stats",
    expect.stringMatching(/^Needs of the kernel, held against this one \(.+\)$/),
  ]);
  expect(section(simple, "Ops")).toContainEqual(["timeout_ms", "10000"]);
  expect(section(simple, "Ops")).toContainEqual(["enqueue", "simple_enqueue"]);
  expect(section(simple, "Maps")).toContainEqual(["run_start", "percpu_array", "max 1", "u32 (4) → u64 (8)"]);
  expect(section(simple, "Globals")).toContainEqual([".rodata", "slice_us", "u64", "20000"]);
  expect(section(simple, "Statistics")).toContainEqual(["busy", "gauge", "CPUs that run a task now"]);
});

it("says what each missing part leads to", () => {
  const kernel = {
    release: "6.16.0",
    schedExt: true,
    structs: [
      { name: "sched_ext_ops", present: true },
      { name: "sched_ext_ops_cid", present: false },
    ],
    members: [
      { struct: "sched_ext_ops", name: "enqueue", present: true },
      { struct: "sched_ext_ops", name: "sub_attach", present: false },
    ],
    kfuncs: [
      { name: "scx_bpf_old", weak: true, present: false },
      { name: "scx_bpf_new", weak: false, present: false },
      { name: "scx_bpf_any", weak: false },
      { name: "scx_bpf_kick_cpu", weak: false, present: false, broken: true as const },
      { name: "scx_bpf_locked_rq", weak: true, present: false, broken: true as const },
      { name: "bpf_ct_release", weak: false, present: true, module: "nf_conntrack" },
    ],
    config: [
      { name: "CONFIG_HZ", weak: false, present: true, value: "250" },
      { name: "CONFIG_NO", weak: false, present: false },
      { name: "CONFIG_WEAK", weak: true, present: false },
      { name: "CONFIG_UNKNOWN", weak: false },
      { name: "CONFIG_UNKNOWN_WEAK", weak: true },
    ],
  };
  expect(section({ ...simple, kernel }, "Needs")).toEqual([
    ["sched_ext", "yes"],
    ["struct sched_ext_ops", "yes"],
    ["struct sched_ext_ops_cid", "no: it can't be loaded"],
    ["sched_ext_ops.enqueue", "yes"],
    ["sched_ext_ops.sub_attach", "no: cleared at load, with a warning"],
    ["scx_bpf_old()", "no, but optional"],
    ["scx_bpf_new()", "no: it can't be loaded"],
    ["scx_bpf_any()", "unknown: this kernel gives no BTF"],
    ["scx_bpf_kick_cpu()", "no: it can't be loaded (this kernel describes it as no scheduler can call it)"],
    ["scx_bpf_locked_rq()", "no, but optional (this kernel describes it as no scheduler can call it)"],
    ["bpf_ct_release()", "yes, in module nf_conntrack"],
    ["CONFIG_HZ", "yes: 250"],
    ["CONFIG_NO", "no: it can't be loaded"],
    ["CONFIG_WEAK", "no, but optional"],
    ["CONFIG_UNKNOWN", "unknown: there is no file of this kernel's configuration; --kconfig FILE gives one"],
    ["CONFIG_UNKNOWN_WEAK", "unknown: there is no file of this kernel's configuration; it counts as not set"],
  ]);
  expect(section({ ...simple, kernel: { ...kernel, schedExt: false } }, "Needs")[0]).toEqual([
    "sched_ext",
    "no: this kernel has no sched_ext",
  ]);
});

it("cuts what is long, and lets no name steer the terminal", () => {
  const globals = [
    { name: "a\x1b[2J", section: ".data", type: "char[300]", size: 300, value: "x".repeat(299) },
    { name: "big", section: ".bss", type: "u8[8192]", size: 8192 },
  ];
  const rows = section({ ...simple, globals }, "Globals");
  expect(rows[0]?.[1]).toBe("a\\x1b[2J");
  expect(rows[0]?.[3]).toMatch(/^"x+…$/);
  expect(rows[0]?.[3]).toHaveLength(100);
  expect(rows[1]).toEqual([".bss", "big", "u8[8192]", "(8192 bytes)"]);
  expect(section({ ...simple, globals: [] }, "Globals")).toEqual([["none"]]);
});

it("says which programs are not loaded, and how they are", async () => {
  const rows = section(await inspectObject(testObject("companions")), "Programs");
  expect(rows).toContainEqual(["companions_call", "syscall", "syscall"]);
  expect(rows).toContainEqual([
    "companions_optional",
    "fentry/scxkit_no_such_function",
    "tracing",
    "not loaded, unless with --program companions_optional=on",
  ]);
});
