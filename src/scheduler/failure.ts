// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { readPrivileges } from "../kernel/machine.js";
import { checkCapabilities } from "../kernel/process_check.js";
import { requireFree } from "../kernel/sched_ext.js";
import type { NativeError } from "../native/index.js";
import { runningKernel } from "./running_kernel.js";
import { findTrap, type TrapContext } from "./trap.js";
import { readRefusal, VerifierError } from "./verifier.js";

const { EPERM, EBUSY, EINVAL, ESRCH, E2BIG } = constants.errno;

const isNative = (cause: unknown): cause is NativeError => cause instanceof Error && "errno" in cause && "log" in cause;

function notPermitted(cause: NativeError, op: string, what: string): ScxError {
  const { status, what: why, remedy } = checkCapabilities(readPrivileges());
  return new ScxError("ERR_SCX_PRIVILEGE", {
    op,
    message: `${what} (EPERM)${status === "problem" ? `: ${why}` : ""}.`,
    remedy:
      status === "problem" && remedy !== undefined
        ? remedy
        : "CAP_BPF and CAP_PERFMON are there: a container's seccomp filter, a security module or kernel lockdown says no.",
    errno: cause.errno,
    log: cause.log,
    cause,
  });
}

/** A failed bpf_object__load as an ScxError, with what is known of the object and of the kernel that it was to run on. */
export function loadFailure(cause: NativeError, kernel: TrapContext): ScxError {
  const base = { op: "load", errno: cause.errno, log: cause.log, cause };
  // libbpf's own messages blame RLIMIT_MEMLOCK, which kernels from 5.11 on don't ask.
  if (cause.errno === EPERM)
    return notPermitted(cause, "load", "The kernel lets only the privileged load BPF programs");
  const refusal = readRefusal(cause.log);
  // What libbpf warned of before it came to the verifier isn't why the verifier refused.
  const trap = findTrap(refusal ? { errno: 0, log: refusal.lines } : cause, kernel);
  if (refusal) return new VerifierError(refusal.report, { errno: cause.errno, log: refusal.lines, cause, ...trap });
  if (trap) return new ScxError(trap.code, { ...base, ...trap });
  if (cause.errno === ESRCH && !kernel.schedExt)
    return new ScxError("ERR_SCX_NO_SCHED_EXT", {
      ...base,
      message: "This kernel's BTF has no sched_ext_ops.",
      remedy: "Boot a kernel with CONFIG_SCHED_CLASS_EXT=y.",
    });
  const said = cause.log.findLast((line) => !/failed to load object/.test(line));
  return new ScxError("ERR_SCX_LOAD", {
    ...base,
    message: `The object can't be loaded: ${cause.message}${said ? ` (${said.replace(/^libbpf: /, "")})` : ""}`,
    remedy: "Read libbpf's messages in the error's log (-v prints them).",
  });
}

/** Throws a failed bpf_object__load as an ScxError. `maps` are the object's. */
export function throwLoadFailure(cause: unknown, maps: TrapContext["maps"]): never {
  throw isNative(cause) ? loadFailure(cause, runningKernel(maps)) : cause;
}

/** Throws a failed bpf_map__attach_struct_ops as an ScxError. */
export function throwAttachFailure(cause: unknown, { name, type }: { name: string; type: string }): never {
  if (!isNative(cause)) throw cause;
  const base = { op: "attach", errno: cause.errno, log: cause.log, cause };
  if (cause.errno === EBUSY) requireFree("attach", cause);
  if (cause.errno === EPERM) throw notPermitted(cause, "attach", "The kernel refused to attach");
  const hint =
    cause.errno === E2BIG
      ? "Lower ops.timeout_ms: the kernel takes at most 30000."
      : cause.errno === EINVAL
        ? `Check ops.flags and ops.name, and the kernel's log (dmesg).${type === "sched_ext_ops_cid" ? " One of this type must use an arena." : ""}`
        : "The kernel's log (dmesg) may say why.";
  throw new ScxError("ERR_SCX_ATTACH", {
    ...base,
    message: `The kernel refused scheduler ${name}: ${cause.message}.`,
    remedy: hint,
  });
}
