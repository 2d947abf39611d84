// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { requireFree, schedExt } from "../kernel/sched_ext.js";
import type { NativeError } from "../native/index.js";

const { EPERM, EBUSY, EINVAL, ESRCH, E2BIG } = constants.errno;

const privilegeRemedy =
  "Run it as root, or with CAP_BPF and CAP_PERFMON (sudo setcap does not reach scripts: use sudo or systemd).";

const isNative = (cause: unknown): cause is NativeError => cause instanceof Error && "errno" in cause && "log" in cause;

/** The verifier's log within libbpf's messages, or nothing. */
export function verifierLog(log: readonly string[]): string[] {
  const start = log.findIndex((line) => line.includes("-- BEGIN PROG LOAD LOG --"));
  const end = log.findIndex((line, i) => i > start && line.includes("-- END PROG LOAD LOG --"));
  return start < 0 ? [] : log.slice(start + 1, end < 0 ? undefined : end);
}

function verifierError(cause: NativeError, lines: string[]): ScxError {
  const program = cause.log.map((line) => /prog '([^']+)': BPF program load failed/.exec(line)?.[1]).find(Boolean);
  const says = lines.filter((line) => !/^(processed \d+|verification time|stack depth|-- )/.test(line));
  const source = says.findLast((line) => /^; .*@ .*:\d+/.test(line));
  const reason = says.at(-1) ?? "no reason given";
  return new ScxError("ERR_SCX_VERIFIER", {
    op: "load",
    message: `The verifier refused program ${program ?? "?"}: ${reason}`,
    remedy: source
      ? `Look at ${source.slice(2)}; the whole log is in the error's log (-v prints it, --verifier-log FILE keeps it).`
      : "Read the whole log in the error's log (-v prints it, --verifier-log FILE keeps it).",
    errno: cause.errno,
    log: lines,
    cause,
  });
}

/** Throws a failed bpf_object__load as an ScxError. */
export function throwLoadFailure(cause: unknown): never {
  if (!isNative(cause)) throw cause;
  const base = { op: "load", errno: cause.errno, log: cause.log, cause };
  const lines = verifierLog(cause.log);
  if (lines.length > 0 && cause.errno !== EPERM) throw verifierError(cause, lines);
  if (cause.errno === EPERM)
    throw new ScxError("ERR_SCX_PRIVILEGE", {
      ...base,
      message: "The kernel lets only the privileged load BPF programs (EPERM).",
      remedy: privilegeRemedy,
    });
  if (cause.errno === ESRCH && !schedExt.exists())
    throw new ScxError("ERR_SCX_NO_SCHED_EXT", {
      ...base,
      message: "This kernel's BTF has no sched_ext_ops.",
      remedy: "Boot a kernel with CONFIG_SCHED_CLASS_EXT=y.",
    });
  const said = cause.log.findLast((line) => !/failed to load object/.test(line));
  throw new ScxError("ERR_SCX_LOAD", {
    ...base,
    message: `The object can't be loaded: ${cause.message}${said ? ` (${said.replace(/^libbpf: /, "")})` : ""}`,
    remedy: "Read libbpf's messages in the error's log (-v prints them).",
  });
}

/** Throws a failed bpf_map__attach_struct_ops as an ScxError. */
export function throwAttachFailure(cause: unknown, name: string): never {
  if (!isNative(cause)) throw cause;
  const base = { op: "attach", errno: cause.errno, log: cause.log, cause };
  if (cause.errno === EBUSY) requireFree("attach", cause);
  if (cause.errno === EPERM)
    throw new ScxError("ERR_SCX_PRIVILEGE", {
      ...base,
      message: "The kernel refused to attach (EPERM).",
      remedy: privilegeRemedy,
    });
  const hint =
    cause.errno === E2BIG
      ? "Lower ops.timeout_ms: the kernel takes at most 30000."
      : cause.errno === EINVAL
        ? "Check ops.flags and ops.name, and the kernel's log (dmesg)."
        : "The kernel's log (dmesg) may say why.";
  throw new ScxError("ERR_SCX_ATTACH", {
    ...base,
    message: `The kernel refused scheduler ${name}: ${cause.message}.`,
    remedy: hint,
  });
}
