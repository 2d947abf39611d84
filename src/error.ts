// SPDX-License-Identifier: MIT

/**
 * Every code an {@link ScxError} can carry, with what it stands for. Codes are stable: programs may match on them.
 */
export const errorCodes = {
  ERR_SCX_ABORTED: "the caller's AbortSignal fired",
  ERR_SCX_ADDON: "the native addon is missing or can't be loaded",
  ERR_SCX_ATTACH: "the kernel refused to attach the scheduler",
  ERR_SCX_BUSY: "another sched_ext scheduler is running",
  ERR_SCX_CLOSED: "the object, scheduler, sampler or server was closed before",
  ERR_SCX_COMPONENT: "a component of the agent failed where nobody waited for it",
  ERR_SCX_CONFIG: "the agent's config can't be used",
  ERR_SCX_CONNECT: "nobody answers at the statistics socket's path",
  ERR_SCX_FILE_NOT_FOUND: "no such file",
  ERR_SCX_FILE_UNREADABLE: "the file exists but can't be read",
  ERR_SCX_FILE_WRITE: "a file can't be created or written",
  ERR_SCX_GLOBAL_UNKNOWN: "the object has no global variable of that name",
  ERR_SCX_KERNEL_NO_BTF: "the running kernel carries no BTF type information",
  ERR_SCX_KERNEL_FAULT: "the running kernel was built with a fault that keeps the object from being loaded",
  ERR_SCX_KERNEL_LACKS: "the object needs a function, type, setting or feature that the running kernel lacks",
  ERR_SCX_LOAD: "the kernel or libbpf refused to load the object",
  ERR_SCX_MAP_READ: "a BPF map can't be read",
  ERR_SCX_MAP_WRITE: "an entry of a BPF map can't be set or deleted",
  ERR_SCX_NO_BTF: "the object carries no BTF type information",
  ERR_SCX_NO_SCHED_EXT: "the running kernel has no sched_ext",
  ERR_SCX_NO_STRUCT_OPS: "the object holds no sched_ext_ops struct_ops map",
  ERR_SCX_NOT_BPF_OBJECT: "the file is no BPF object: not an ELF, for another machine, or damaged",
  ERR_SCX_NOT_RUNNING: "no such scheduler is attached",
  ERR_SCX_OPS_UNKNOWN: "sched_ext_ops has no such field, or it can't be set",
  ERR_SCX_PEER_MISSING: "a package that is only needed for this isn't installed",
  ERR_SCX_PRIVILEGE: "the process lacks the privilege",
  ERR_SCX_REATTACH: "a loaded object can't be brought back to what it was before it was attached",
  ERR_SCX_RECORDING: "a recording of a statistics socket is malformed",
  ERR_SCX_RESET_UNSUPPORTED: "the object brings no in-kernel baseline, so its statistics can't be reset in the kernel",
  ERR_SCX_SINK_OPEN: "a sink can't be opened: its port is in use, its file can't be created",
  ERR_SCX_SOCKET_IN_USE: "something stands at the socket's path already",
  ERR_SCX_SOCKET_PATH: "the socket's path is too long or its folder can't be used",
  ERR_SCX_STATS_MAP: "a statistics map is malformed, or names what the object hasn't",
  ERR_SCX_STATS_META: "the description of the statistics contradicts itself",
  ERR_SCX_TIMEOUT: "no answer in time",
  ERR_SCX_UNSUPPORTED: "this machine has no such statistics",
  ERR_SCX_USAGE: "wrong usage of a function or of the command line",
  ERR_SCX_VALUE: "a value of the wrong type, or out of its type's range",
  ERR_SCX_VERIFIER: "the kernel's verifier refused a program",
  ERR_SCX_WIRE: "the peer on the statistics socket broke the protocol or answered with an error",
} as const;

export type ScxErrorCode = keyof typeof errorCodes;

/** What an {@link ScxError} is made of. */
export interface ScxErrorInit {
  /** What was tried, as a verb: `"open"`, `"load"`, `"attach"`, `"listen"`… */
  op: string;
  /** One line: what happened. */
  message: string;
  /** One line: what to do about it. */
  remedy: string;
  /** The positive errno, where the kernel or libc gave one. */
  errno?: number | undefined;
  /** Captured lines behind the error: libbpf's messages, the verifier's log. */
  log?: string[] | undefined;
  cause?: unknown;
}

/**
 * The one error class of scxkit. `message` has two lines: the cause, then what to do.
 */
export class ScxError extends Error {
  override readonly name: string = "ScxError";
  readonly code: ScxErrorCode;
  readonly op: string;
  readonly remedy: string;
  readonly errno: number | undefined;
  readonly log: readonly string[];

  constructor(code: ScxErrorCode, init: ScxErrorInit) {
    super(`${init.message}\n${init.remedy}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.op = init.op;
    this.remedy = init.remedy;
    this.errno = init.errno;
    this.log = init.log ?? [];
  }
}

/** What an error says in its first line: the cause, without what to do. */
export const causeOf = (error: unknown): string =>
  String((error as Partial<Error> | null | undefined)?.message ?? error).split("\n", 1)[0] ?? "";

/** The error of a step that its caller gave up. */
export function aborted(op: string, what: string, signal: AbortSignal | undefined): ScxError {
  return new ScxError("ERR_SCX_ABORTED", {
    op,
    message: `${what} was given up by its caller.`,
    remedy: "Nothing to do, if that was intended.",
    cause: signal?.reason,
  });
}

/** Throws ERR_SCX_ABORTED when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, op: string, what: string): void {
  if (signal?.aborted) throw aborted(op, what, signal);
}
