// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { findings } from "../../../src/kernel/diagnosis.js";
import type { FindingId, FindingStatus } from "../../../src/kernel/finding.js";
import type { Machine } from "../../../src/kernel/machine.js";
import { sound } from "./machine.js";

type Case = [case_: string, id: FindingId, status: FindingStatus, text: RegExp, change: Partial<Machine>];

const config = (text: string) => ({ config: { path: "/boot/config", text } });
const types = { ops: ["dump"], constants: {}, brokenKfuncs: [] as string[] };
const { constants } = sound.types as typeof types;
const capabilities = (hex: string) => ({ status: `CapEff:\t${hex}\n` });
const limit = (soft: string) => ({ limits: `Max locked memory         ${soft}              ${soft}   bytes\n` });
const without = (option: string) =>
  config(sound.config?.text.replace(`${option}=y`, `# ${option} is not set`) as string);

it("finds nothing wrong with a sound machine, one line a check", () => {
  const found = findings(sound);
  expect(found.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(new Set(found.map(({ id }) => id)).size).toBe(13);
  for (const { what, remedy } of found) {
    expect(what).toMatch(/^[^\n]+[^.\n]$/);
    expect(remedy).toBeUndefined();
  }
});

const cases: Case[] = [
  ["from before sched_ext", "kernel", "problem", /6\.11\.2.*before sched_ext/, { release: "6.11.2" }],
  ["an older major", "kernel", "problem", /5\.15/, { release: "5.15.0-generic" }],
  ["no release", "kernel", "problem", /strange/, { release: "strange" }],
  ["the first with sched_ext", "kernel", "warning", /Linux 6\.12\.3;/, { release: "6.12.3" }],
  ["the last before our range", "kernel", "warning", /Linux 6\.15\.9;/, { release: "6.15.9" }],
  ["our oldest", "kernel", "ok", /6\.16/, { release: "6.16.0-rc1" }],
  ["our newest", "kernel", "ok", /7\.2/, { release: "7.2.12" }],
  ["newer than ours", "kernel", "warning", /7\.3/, { release: "7.3.0" }],
  ["a major newer than ours", "kernel", "warning", /8\.0/, { release: "8.0.1" }],

  ["none", "sched_ext", "problem", /no \/sys\/kernel\/sched_ext/, { schedExt: false }],

  ["no file", "config", "ok", /no file/, { config: undefined }],
  ["no sched_ext", "config", "problem", /lacks CONFIG_SCHED_CLASS_EXT$/, without("CONFIG_SCHED_CLASS_EXT")],
  ["no BTF", "config", "problem", /lacks CONFIG_DEBUG_INFO_BTF$/, without("CONFIG_DEBUG_INFO_BTF")],
  ["no JIT", "config", "problem", /lacks CONFIG_BPF_JIT$/, without("CONFIG_BPF_JIT")],
  ["nothing", "config", "problem", /BPF_SYSCALL, CONFIG_BPF_JIT, .*BTF, /, config("")],
  ["an old pahole", "config", "warning", /1\.25/, config(`${sound.config?.text.replace("=130", "=125")}`)],
  ["an unknown pahole", "config", "ok", /has/, config(`${sound.config?.text.replace("=130", "=x")}`)],

  ["unreadable", "btf", "problem", /ENOENT/, { types: { error: "ENOENT: no such file" } }],
  ["without sched_ext", "btf", "problem", /no sched_ext_ops/, { types: { ...types, ops: undefined } }],
  ["of an early sched_ext", "btf", "problem", /no dump/, { types: { ...types, ops: ["init"] } }],

  ["no BTF", "enums", "ok", /nothing to look at/, { types: { error: "" } }],
  ["no sched_ext in BTF", "enums", "ok", /nothing to look at/, { types: { ...types, ops: undefined } }],
  ["missing", "enums", "warning", /lacks constants: SCX_SLICE_INF, /, { types }],
  [
    "one wrong",
    "enums",
    "problem",
    /constants: SCX_ENQ_PREEMPT is 0x7$/,
    { types: { ...types, constants: { ...constants, SCX_ENQ_PREEMPT: 7n } } },
  ],

  ["no BTF", "kfuncs", "ok", /nothing to look at/, { types: { error: "" } }],
  ["one", "kfuncs", "warning", / 1 .*: a$/, { types: { ...types, brokenKfuncs: ["a"] } }],
  ["many", "kfuncs", "warning", / 4 .*: a, b, c, …$/, { types: { ...types, brokenKfuncs: [..."abcd"] } }],

  ["off", "jit", "problem", /is off/, { jit: "0\n" }],
  ["debugging", "jit", "warning", /debug/, { jit: "2\n" }],
  ["unreadable", "jit", "ok", /can't be asked/, { jit: undefined }],
  ["always on", "jit", "ok", /always on/, config("CONFIG_BPF_JIT_ALWAYS_ON=y\n")],
  ["unreadable, always on", "jit", "ok", /always on/, { jit: undefined, ...config("CONFIG_BPF_JIT_ALWAYS_ON=y\n") }],

  ["no addon", "libbpf", "problem", /^no addon$/, { libbpf: { error: "no addon.", remedy: "Build it." } }],

  ["both that it takes", "capabilities", "ok", /CAP_BPF and CAP_PERFMON/, capabilities("000000c000000000")],
  ["CAP_SYS_ADMIN", "capabilities", "ok", /CAP_SYS_ADMIN/, capabilities("0000000000200000")],
  ["one", "capabilities", "problem", /^CAP_PERFMON missing$/, capabilities("0000008000000000")],
  ["none", "capabilities", "problem", /^CAP_BPF and CAP_PERFMON missing$/, capabilities("0000000000000000")],
  [
    "none where BPF is open to all",
    "capabilities",
    "problem",
    /unprivileged_bpf_disabled/,
    { ...capabilities("0000000000000000"), unprivileged: "0\n" },
  ],
  [
    "in a user namespace",
    "capabilities",
    "problem",
    /user namespace/,
    { uidMap: "         0       1000          1\n" },
  ],
  ["no user namespaces at all", "capabilities", "ok", /CAP_SYS_ADMIN/, { uidMap: undefined }],
  ["no /proc", "capabilities", "warning", /can't be told/, { status: undefined }],

  ["new kernel", "memlock", "ok", /^64 KiB; /, limit("65536")],
  ["old kernel, low", "memlock", "warning", /^64 KiB, /, { release: "5.10.1", ...limit("65536") }],
  ["old kernel, high", "memlock", "ok", /^65536 KiB$/, { release: "5.10.1", ...limit("67108864") }],
  ["old kernel, unlimited", "memlock", "ok", /^unlimited$/, { release: "5.10.1", ...limit("unlimited") }],
  ["no /proc", "memlock", "ok", /can't be told/, { limits: undefined }],

  ["a few to come", "cpus", "ok", /^2 online of 8 possible$/, { possible: "0-7" }],
  ["many that never come", "cpus", "warning", /^2 online of 128 possible/, { possible: "0-127" }],
  ["as many as possible", "cpus", "ok", /^128 online/, { possible: "0-127", online: "0-63,64,65-127" }],
  ["no /sys", "cpus", "ok", /can't be counted/, { possible: undefined, online: undefined }],

  ["another one", "scheduler", "warning", /^flatcg runs/, { running: "flatcg" }],

  ["made before", "socket", "ok", /can be written/, { socket: { ...sound.socket, nearest: "/var/run/scx/root" } }],
  ["not ours", "socket", "warning", /\/var\/run can't be written/, { socket: { ...sound.socket, writable: false } }],
];

describe.each([...new Set(cases.map(([, id]) => id))])("%s", (id) => {
  it.each(cases.filter((one) => one[1] === id))("%s", (_, __, status, text, change) => {
    const found = findings({ ...sound, ...change }).find((finding) => finding.id === id);
    expect(found).toMatchObject({ status, what: expect.stringMatching(text) });
    if (status === "ok") expect(found).not.toHaveProperty("remedy");
    else expect(found?.remedy).toMatch(/^[A-Z][^\n]+[.]$/);
  });
});

it("knows constants cut to 32 bits as an old pahole's", () => {
  const cut = { SCX_SLICE_INF: 0xffff_ffffn, SCX_DSQ_FLAG_BUILTIN: 0n, SCX_ENQ_PREEMPT: 0n };
  const remedy = (values: Record<string, bigint>) =>
    findings({ ...sound, types: { ...types, constants: values } }).find(({ id }) => id === "enums")?.remedy;
  expect(remedy(cut)).toContain("pahole 1.24");
  expect(remedy({ ...cut, SCX_SLICE_INF: 5n })).not.toContain("1.24");
});
