// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ScxError } from "../../../src/error.js";
import { loadFailure } from "../../../src/scheduler/failure.js";
import { findTrap, type TrapContext } from "../../../src/scheduler/trap.js";
import { VerifierError } from "../../../src/scheduler/verifier.js";
import { expectExplained } from "../../explained.js";
import { brokenKfunc, differences, refusals, traps } from "../../load_case.js";
import { checkout } from "../../objects.js";

const kernel: TrapContext = {
  release: "6.18.0",
  schedExt: true,
  declaration: (name) => (name === "bpf_rcu_read_lock" ? "void bpf_rcu_read_lock(void)" : undefined),
  isBroken: (name) => name === "scx_bpf_kick_cpu",
  pahole: () => 130,
  maps: [
    { name: "huge", type: 2, typeName: "array", valueSize: 4096, maxEntries: 2 ** 30 },
    { name: "future", type: 99, valueSize: 8, maxEntries: 1 },
    { name: "arena", type: 33, typeName: "arena", valueSize: 0, maxEntries: 100 },
  ],
};

/** What the addon throws. */
const failure = (errno: number, ...log: string[]) => Object.assign(new Error("failed"), { call: "load", errno, log });

const cases = new Map([...refusals, ...traps, ...differences, brokenKfunc].map((one) => [one.name, one]));
const folder = join(checkout, "test/golden/load-log");

/** A line as libbpf says it from 1.6 on: the errno's name alone. */
const inNames = (line: string) =>
  line.replace(/(failed to create: .*\(|BTF type ID of '.*': |BTF into kernel: )-(\d+)\)?/, (_, before, number) => {
    const name = Object.entries(constants.errno).find(([, value]) => value === Number(number))?.[0] ?? number;
    return `${before.replace(/[^:]*\($/, " ")}-${name}`;
  });

describe.each(readdirSync(folder))("recorded on %s", (file) => {
  const [, ...sections] = readFileSync(join(folder, file), "utf8").split(/^== /m);
  it("has refusals", () => expect(sections.length).toBeGreaterThan(20));
  it.each(
    sections.map((section) => {
      const [head = "", ...log] = section.trimEnd().split("\n");
      const [name = "", errno] = head.split(" ");
      return { name, errno: Number(errno), log };
    }),
  )("$name", ({ name, errno, log }) => {
    const one = cases.get(name);
    if (!one) throw new Error(`no case ${name}`);
    expectExplained(loadFailure(failure(errno, ...log), kernel), one);
    expectExplained(loadFailure(failure(errno, ...log.map(inNames)), kernel), one);
  });
});

// In libbpf's and the kernel's own words, but not recorded: our kernels and our libbpf know better.
describe("as the sources have it", () => {
  const explain = (errno: number, log: string[], context: Partial<TrapContext> = {}) =>
    findTrap({ errno, log }, { ...kernel, ...context });
  const missing = "libbpf: extern (func ksym) 'scx_bpf_dsq_peek': not found in kernel or module BTFs";

  it.each([
    ["a function of newer kernels", 22, missing, /has no function scx_bpf_dsq_peek\(\)/, /in 7\.2, not in 6\.18/],
    [
      "a relocation that libbpf left unnamed",
      22,
      "invalid func unknown#195896080",
      /such type or member/,
      /bpf_core_field_exists/,
    ],
    ["no Kconfig file", 2, "libbpf: failed to open system Kconfig", /no file of it/, /\/boot\/config-6\.18\.0/],
    [
      "a Kconfig extern of another type",
      22,
      "libbpf: extern (kcfg) 'CONFIG_HZ': value '250' doesn't fit",
      /CONFIG_HZ doesn't fit/,
      /fitting type/,
    ],
    [
      "the second kind of schedulers",
      3,
      "libbpf: struct_ops init_kern: struct sched_ext_ops_cid is not found in kernel BTF",
      /no struct sched_ext_ops_cid/,
      /7\.2, not in 6\.18/,
    ],
    [
      "an arena",
      22,
      "libbpf: map 'arena': failed to create: Invalid argument(-22)",
      /refuses map arena \(arena\)/,
      /Arenas are in 6\.9/,
    ],
    [
      "a section that nobody may map",
      524,
      "libbpf: map '.data.guarded': failed to re-mmap() contents: -524",
      /doesn't map section \.data\.guarded/,
      /static or __hidden/,
    ],
    ["libbpf's own errno", 524, "libbpf: something", /524, ENOTSUPP/, /libbpf/],
    ["a log without room", 28, "libbpf: prog 'p': BPF program load failed: No space left", /ENOSPC/, /no lack of disk/],
  ])("%s", (_, errno, line, message, remedy) => {
    const found = explain(errno, [line]);
    expect(found?.message).toMatch(message);
    expect(found?.remedy).toMatch(remedy);
  });

  it("knows a function by the kernel's name, whatever flavour the object gave it", () => {
    const compat = missing.replace("dsq_peek", "dsq_peek___compat");
    expect(explain(22, [compat])?.message).toMatch(/function scx_bpf_dsq_peek\(\)/);
    expect(explain(22, [compat])?.remedy).toMatch(/7\.2, not in 6\.18/);
  });

  it("takes a mapping that failed for the reason, not the map that libbpf then says couldn't be made", () => {
    const log = ["-ENOTSUPP", "-ENOTSUPP"];
    const lines = ["failed to re-mmap() contents: ", "failed to create: "].map(
      (text, i) => `libbpf: map 'x.bss': ${text}${log[i]}`,
    );
    expect(explain(524, lines)?.message).toMatch(/doesn't map section x\.bss/);
  });

  it("names an old pahole where it may be the reason", () => {
    expect(explain(22, [missing], { pahole: () => 125 })?.remedy).toMatch(/pahole 1\.25.*1\.26/);
    expect(explain(22, [missing])?.remedy).not.toMatch(/pahole/);
  });

  it("has nothing to say of what it doesn't know", () => {
    expect(explain(5, ["libbpf: something else"])).toBeUndefined();
    const plain = loadFailure(failure(5, "libbpf: something else"), kernel);
    expect(plain).toMatchObject({ code: "ERR_SCX_LOAD", message: expect.stringContaining("something else") });
  });
});

describe("a verifier's log that is unusual", () => {
  const refused = (...lines: string[]) =>
    loadFailure(
      failure(
        13,
        "libbpf: prog 'p': BPF program load failed: Permission denied",
        "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --",
        ...lines,
        "-- END PROG LOAD LOG --",
      ),
      kernel,
    ) as VerifierError;

  it("after a warning of libbpf's that is another matter", () => {
    const log = ["libbpf: failed to open system Kconfig", "libbpf: prog 'p': BPF program load failed: Not supported"];
    const begin = "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --";
    expect(loadFailure(failure(524, ...log, begin, "0: (85) call x#1", "no such thing"), kernel)).toMatchObject({
      code: "ERR_SCX_VERIFIER",
      verifier: { program: "p", instruction: "0: (85) call x#1", reason: "no such thing" },
    });
  });

  it.each([
    "R1 invalid mem access 'trusted_ptr_or_null_'",
    "R3 pointer arithmetic on trusted_ptr_or_null_ prohibited, null-check it first",
    "R0 invalid mem access 'map_value_or_null'",
  ])("of what may be NULL: %s", (reason) => {
    expect(refused("1: (79) r1 = *(u64 *)(r1 +960)", reason).remedy).toMatch(/^It may be NULL/);
  });

  it("of a callback that may not call what it calls", () => {
    const { remedy } = refused("7: (85) call x#2", "calling kernel function scx_bpf_create_dsq is not allowed");
    expect(remedy).toMatch(/^Not every callback .*struct_ops\.s/);
  });

  it("without a word", () => {
    expect(refused("").verifier).toEqual({ program: "p", reason: "no reason given" });
  });

  it("without instructions", () => {
    expect(refused("unreachable insn 91", "processed 0 insns (limit 1000000)").verifier).toEqual({
      program: "p",
      reason: "unreachable insn 91",
    });
  });

  it("with the state of the registers on the instruction's line", () => {
    const { verifier } = refused("3: (55) if r0 != 0x0 goto pc+1 5: R0=ptr_task_struct(ref_obj_id=2) R6=1", "R0 bad");
    expect(verifier.instruction).toBe("3: (55) if r0 != 0x0 goto pc+1");
    expect(verifier).not.toHaveProperty("source");
  });

  it("cut off, as EPERM says that it is no question of the program", () => {
    const error = loadFailure(failure(1, "libbpf: prog 'p': BPF program load failed: Operation not permitted"), kernel);
    expect(error).toBeInstanceOf(ScxError);
    expect(error).not.toBeInstanceOf(VerifierError);
    expect(error).toMatchObject({ code: "ERR_SCX_PRIVILEGE" });
  });
});
