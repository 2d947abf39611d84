// SPDX-License-Identifier: MIT
import type { ScxErrorCode } from "../src/error.js";
import { testObject, trapObject } from "./objects.js";

/** An object that no kernel loads, or not this one, and what is to be said of it. */
export interface LoadCase {
  name: string;
  path: string;
  /** For test/bpf/refused.bpf.c: which of its faults. */
  fault?: string;
  code: ScxErrorCode;
  /** Of the message's first line. */
  cause: RegExp;
  /** Of its second line. */
  remedy: RegExp;
  /** What a verifier's refusal has besides. */
  program?: string;
  instruction?: RegExp;
  /** The text of the source line. */
  source?: RegExp;
}

const refusal = (
  fault: string,
  cause: RegExp,
  remedy: RegExp,
  instruction: RegExp,
  source: RegExp,
  program = "refused",
  code: ScxErrorCode = "ERR_SCX_VERIFIER",
): LoadCase => ({
  name: fault.toLowerCase(),
  path: testObject("refused"),
  fault,
  code,
  cause,
  remedy,
  program,
  instruction,
  source,
});

/** What the verifier refuses on every kernel. */
export const refusals: readonly LoadCase[] = [
  refusal(
    "NULL_DEREF",
    /^The verifier refused program refused at \d+: \(79\) r1 = \*\(u64 \*\)\(r0 \+0\): R0 invalid mem access 'map_value_or_null'\.$/,
    /compare it with NULL .* Look at refused\.bpf\.c:\d+ \(\*weight \+= 1;\)\. The whole log/,
    /^\d+: \(79\) r1 = \*\(u64 \*\)\(r0 \+0\)$/,
    /^\*weight \+= 1;$/,
  ),
  refusal(
    "STACK_BOUNDS",
    /stack R\d+ var_off=/,
    /^Check the index/,
    /^\d+: \(79\) r\d+ = \*\(u64 \*\)\(r\d+ /,
    /slots\[index\]/,
  ),
  refusal(
    "ENDLESS_LOOP",
    /infinite loop detected/,
    /^Bound the loop/,
    /^\d+: \(15\) if r\d+ == 0x7 goto pc-1$/,
    /asm volatile/,
  ),
  refusal(
    "TOO_MANY_JUMPS",
    /sequence of 8193 jumps is too complex/,
    /^It gave up following/,
    /^\d+: \([0-9a-f]{2}\) /,
    /./,
  ),
  refusal(
    "LEAK",
    /what it returns is not released \(.*reference leak\)/,
    /^Give it back/,
    /^\d+: \(85\) call bpf_task_from_pid#\d+$/,
    /bpf_task_from_pid/,
  ),
  refusal(
    "HELPER_ARGUMENT",
    /R2 type=scalar expected=/,
    /another kind of value/,
    /^\d+: \(85\) call bpf_map_lookup_elem#1$/,
    /lookup_elem\(&weights/,
  ),
  refusal("UNINITIALISED", /R9 !read_ok/, /initialise/, /^\d+: \(bf\) r\d+ = r9$/, /r9/),
  refusal(
    "NO_HELPER",
    /invalid func unknown#9999/,
    /no such helper/,
    /^\d+: \(85\) call unknown#9999$/,
    /no_helper\(\)/,
  ),
  refusal(
    "SLEEPABLE",
    /must be sleepable/,
    /struct_ops\.s/,
    /^\d+: \(85\) call bpf_copy_from_user_str#\d+$/,
    /bpf_copy_from_user_str/,
    "refused_switch",
  ),
  refusal(
    "NOT_FOR_IT",
    /calling kernel function bpf_sock_destroy is not allowed/,
    /other kinds of programs/,
    /^\d+: \(85\) call bpf_sock_destroy#\d+$/,
    /bpf_sock_destroy/,
    "refused_switch",
  ),
  refusal(
    "UNGUARDED_KFUNC",
    /has no function scxkit_no_kfunc\(\)/,
    /bpf_ksym_exists\(scxkit_no_kfunc\)/,
    /^\d+: <invalid kfunc call>$/,
    /scxkit_no_kfunc\(1\)/,
    "refused",
    "ERR_SCX_KERNEL_LACKS",
  ),
  refusal(
    "NO_FIELD",
    /has no struct task_struct\.scxkit_no_member\.$/,
    /bpf_core_field_exists\(\)/,
    /^\d+: <invalid CO-RE relocation>$/,
    /scxkit_no_member/,
    "refused_switch",
    "ERR_SCX_KERNEL_LACKS",
  ),
  refusal(
    "NO_STRUCT",
    /has no struct scxkit_no_struct\.member\.$/,
    /bpf_core_field_exists\(\)/,
    /^\d+: <invalid CO-RE relocation>$/,
    /scxkit_no_struct/,
    "refused_switch",
    "ERR_SCX_KERNEL_LACKS",
  ),
  refusal(
    "NO_ENUMERATOR",
    /has no enum scxkit_no_enum::SCXKIT_NO_ENUMERATOR\.$/,
    /bpf_core_enum_value_exists\(\)/,
    /^\d+: <invalid CO-RE relocation>$/,
    /./,
    "refused",
    "ERR_SCX_KERNEL_LACKS",
  ),
];

/** Takes a million instructions of the verifier, and as many lines of log: for machines that don't emulate. */
export const longRefusal = refusal(
  "TOO_LONG",
  /BPF program is too large\. Processed 1000001 insn\.$/,
  /^It gave up following/,
  /^\d+: \([0-9a-f]{2}\) /,
  /./,
);

const trap = (name: string, cause: RegExp, remedy: RegExp, code: ScxErrorCode = "ERR_SCX_KERNEL_LACKS"): LoadCase => ({
  name,
  path: trapObject(name),
  code,
  cause,
  remedy,
});

/** What no kernel has, or takes. */
export const traps: readonly LoadCase[] = [
  trap("no_kfunc", /has no function scx_bpf_scxkit_nothing\(\)/, /^Neither 6\.16|part of sched_ext/),
  trap("wrong_kfunc", /has another bpf_rcu_read_lock\(\)/, /^It is void bpf_rcu_read_lock\(void\) here/),
  trap("no_config", /without CONFIG_SCXKIT_NOTHING|no file of it/, /__weak|--kconfig FILE/),
  trap("no_variable", /no variable scxkit_no_variable/, /__weak/),
  trap("huge_map", /no memory for map huge \(array, 1073741824 values of 4096 bytes\)/, /max_entries/, "ERR_SCX_LOAD"),
  trap("no_map_type", /refuses map future \(type 99\)/, /map_flags/),
  trap("no_target", /nothing called scxkit_no_function/, /leave that program out/),
  trap("no_ops", /has no struct scxkit_no_ops/, /^Boot a kernel/),
  trap("no_member", /no member scxkit_no_member/, /leave that member out/),
  trap("wrong_member", /ops doesn't fit .* flags/, /bpftool btf dump/),
  trap("wrong_btf", /refuses the object's BTF: .*Array size overflows/, /clang no newer/),
];

/** What some kernels have: which of them, by `has`. */
export const differences: readonly (LoadCase & { has: RegExp })[] = [
  {
    ...trap("old_kfunc", /has no function scx_bpf_dispatch\(\)/, /in 6\.16, no longer in 6\.18|part of/),
    has: /^6\.16\./,
  },
  { ...trap("new_kfunc", /has no function scx_bpf_nr_cids\(\)/, /in 7\.2, not in 6\.18|part of/), has: /^7\./ },
];

/** Debian's 7.2.12 is built with that fault. */
export const brokenKfunc = trap(
  "broken_kfunc",
  /describes scx_bpf_kick_cpu\(\) with an argument/,
  /7\.2\.12/,
  "ERR_SCX_KERNEL_FAULT",
);
