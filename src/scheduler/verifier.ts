// SPDX-License-Identifier: MIT
import { ScxError, type ScxErrorCode } from "../error.js";

/** What the verifier refused, in parts. */
export interface VerifierReport {
  /** The BPF program's name. */
  readonly program: string;
  /** The last instruction that it looked at, as its log has it: `7: (79) r1 = *(u64 *)(r0 +0)`. */
  readonly instruction?: string;
  /** What it said of it: `R0 invalid mem access 'map_value_or_null'`. */
  readonly reason: string;
  /** The line of the program's source that the instruction was made from, where the object's BTF has it. */
  readonly source?: { readonly file: string; readonly line: number; readonly text: string };
}

/** A program that the kernel's verifier refused. `log` has the verifier's whole log; `message` sums it up in two lines. */
export class VerifierError extends ScxError {
  override readonly name = "VerifierError";
  readonly verifier: VerifierReport;

  constructor(
    report: VerifierReport,
    init: { log: readonly string[]; errno: number; cause: unknown } & Partial<Explanation>,
  ) {
    const { program, instruction, reason, source } = report;
    const at = instruction === undefined ? "" : ` at ${instruction}`;
    const look = source && `Look at ${source.file}:${source.line} (${shorten(source.text)}).`;
    super(init.code ?? "ERR_SCX_VERIFIER", {
      op: "load",
      message: init.message ?? `The verifier refused program ${program}${at}: ${reason}.`,
      remedy: [
        init.remedy ?? hint(reason),
        look,
        "The whole log is in the error's log (-v prints it, --verifier-log FILE keeps it).",
      ]
        .filter(Boolean)
        .join(" "),
      errno: init.errno,
      log: [...init.log],
      cause: init.cause,
    });
    this.verifier = report;
  }
}

/** How a refusal is told when more is known of it than the verifier says. */
export interface Explanation {
  readonly code: ScxErrorCode;
  /** One line: the cause. */
  readonly message: string;
  /** One line: what to do. */
  readonly remedy: string;
}

/** The verifier's log within libbpf's messages; empty when it wrote none. */
export function verifierLog(log: readonly string[]): string[] {
  const start = log.findIndex((line) => line.includes("-- BEGIN PROG LOAD LOG --"));
  const end = log.findIndex((line, i) => i > start && line.includes("-- END PROG LOAD LOG --"));
  return start < 0 ? [] : log.slice(start + 1, end < 0 ? undefined : end);
}

/** `12: (79) r1 = …`, or what libbpf puts in the place of an instruction that it couldn't make: `12: <invalid …>`. */
const anInstruction = /^\d+: (\([0-9a-f]{2}\) |<invalid )/;

/** What the verifier writes after its verdict: the states of an endless loop, and figures. */
const afterVerdict = /^(processed \d+ insns|verification time|stack depth|cur state:|old state:)/;

/** Reads libbpf's messages of a load that failed; undefined when no program was refused with a log. */
export function readRefusal(messages: readonly string[]): { report: VerifierReport; lines: string[] } | undefined {
  const lines = verifierLog(messages);
  if (lines.length === 0) return undefined;
  const program =
    messages.map((line) => /prog '([^']+)': BPF program load failed/.exec(line)?.[1]).find(Boolean) ?? "?";
  const says = lines.findLastIndex((line) => line.trim() !== "" && !afterVerdict.test(line));
  const verdict = lines[says]?.trim() ?? "no reason given";
  // A reference that was never released is refused at the end of the program, but what matters is where it was taken.
  const taken = /^Unreleased reference id=\d+ alloc_insn=(\d+)/.exec(lines[says - 1] ?? verdict)?.[1];
  const at = lines.findLastIndex((line) =>
    taken === undefined ? anInstruction.test(line) : anInstruction.test(line) && line.startsWith(`${taken}: `),
  );
  const instruction = lines[at];
  return {
    lines,
    report: {
      program,
      ...(instruction !== undefined && { instruction: withoutState(instruction) }),
      reason: (taken === undefined ? verdict : `what it returns is not released (${verdict})`).replace(/\.$/, ""),
      ...sourceOf(lines.slice(0, at < 0 ? undefined : at)),
    },
  };
}

/** Cuts what the verifier knows of the registers: behind `; `, or behind the number of the next instruction. */
const withoutState = (line: string): string =>
  line
    .replace(/\s+; .*$/, "")
    .replace(/ \d+: (R\d|frame\d|safe).*$/, "")
    .trim();

/** The last `; text @ file:line` of these lines. */
function sourceOf(lines: readonly string[]): Pick<VerifierReport, "source"> {
  const [, text, file, line] = /^; (.*) @ (.+):(\d+)$/.exec(lines.findLast((one) => one.startsWith("; ")) ?? "") ?? [];
  return text === undefined || file === undefined ? {} : { source: { file, line: Number(line), text } };
}

/** The commonest reasons in the words of kernel/bpf/verifier.c (6.16 to 7.2), and what to do about each. */
const hints: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [/_or_null_?'|null-check it|Possibly NULL pointer/, "It may be NULL there: compare it with NULL before it is used."],
  [
    /is not released|reference leak|Unreleased reference/,
    "Give it back on every way out of the program (release, put or destroy it).",
  ],
  [
    /program is too large|jumps is too complex/,
    "It gave up following every path: bound loops by a constant, use bpf_for() or bpf_loop(), or make parts global functions.",
  ],
  [/infinite loop|back-edge/, "Bound the loop by a constant, or use bpf_for(), bpf_repeat() or bpf_loop()."],
  [
    /must be sleepable|might sleep|sleepable helper|sleepable kfunc/,
    'Call it from callbacks that may sleep only: SEC("struct_ops.s/…"), as for init, exit, init_task and cgroup_init.',
  ],
  // 7.2 knows which callback calls; older kernels find out while it runs.
  [
    /calling kernel function scx_bpf_\w+ is not allowed/,
    'Not every callback may call it: what may sleep only sleepable ones, SEC("struct_ops.s/…"), as init and exit are.',
  ],
  [/calling kernel function .* is not allowed/, "The kernel lets only other kinds of programs or callbacks call it."],
  [/invalid func unknown/, "This kernel has no such helper: build the object for it, or boot a newer one."],
  [/expected=/, "The called function takes another kind of value there."],
  [
    /stack|min value is negative|unbounded|outside of the allowed memory|invalid access to map value|var_off/,
    "Check the index or length against its bounds right before it is used, in a form that the verifier can follow.",
  ],
  [/!read_ok/, "It is read before anything was written to it: initialise it."],
  [/GPL/, 'Declare char _license[] SEC("license") = "GPL".'],
];

const hint = (reason: string): string | undefined => hints.find(([pattern]) => pattern.test(reason))?.[1];

const shorten = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);
