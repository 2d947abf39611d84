// SPDX-License-Identifier: MIT
import { ScxError, type ScxErrorCode } from "../error.js";
import { type ExitRecord, isError } from "../scheduler/exit.js";

/** Exit statuses of every command, by sysexits.h where it has one. */
export const statuses: Readonly<Record<number, string>> = {
  0: "done, or ended by the user",
  3: "the scheduler left by an error",
  64: "wrong usage",
  65: "not a usable object or config",
  66: "no such file",
  69: "no sched_ext in this kernel, or the service asked for is not there",
  70: "a fault of scxkit's own, or of a component of yours",
  73: "a socket or file can't be created",
  75: "another scheduler runs, try later",
  77: "no privilege",
};

const statusOfCode: Record<ScxErrorCode, number> = {
  ERR_SCX_ABORTED: 0,
  ERR_SCX_ADDON: 69,
  ERR_SCX_ATTACH: 65,
  ERR_SCX_BUSY: 75,
  ERR_SCX_CLOSED: 70,
  ERR_SCX_COMPONENT: 70,
  ERR_SCX_CONFIG: 65,
  ERR_SCX_CONNECT: 69,
  ERR_SCX_FILE_NOT_FOUND: 66,
  ERR_SCX_FILE_UNREADABLE: 66,
  ERR_SCX_FILE_WRITE: 73,
  ERR_SCX_GLOBAL_UNKNOWN: 64,
  ERR_SCX_KERNEL_FAULT: 65,
  ERR_SCX_KERNEL_LACKS: 65,
  ERR_SCX_KERNEL_NO_BTF: 69,
  ERR_SCX_LOAD: 65,
  ERR_SCX_MAP_READ: 70,
  ERR_SCX_MAP_WRITE: 70,
  ERR_SCX_NO_BTF: 65,
  ERR_SCX_NO_SCHED_EXT: 69,
  ERR_SCX_NO_STRUCT_OPS: 65,
  ERR_SCX_NOT_BPF_OBJECT: 65,
  ERR_SCX_NOT_RUNNING: 69,
  ERR_SCX_OPS_UNKNOWN: 64,
  ERR_SCX_PEER_MISSING: 69,
  ERR_SCX_PRIVILEGE: 77,
  ERR_SCX_REATTACH: 65,
  ERR_SCX_RECORDING: 65,
  ERR_SCX_RESET_UNSUPPORTED: 65,
  ERR_SCX_SINK_OPEN: 73,
  ERR_SCX_SOCKET_IN_USE: 73,
  ERR_SCX_SOCKET_PATH: 73,
  ERR_SCX_STATS_MAP: 65,
  ERR_SCX_STATS_META: 65,
  ERR_SCX_TIMEOUT: 69,
  ERR_SCX_UNSUPPORTED: 69,
  ERR_SCX_USAGE: 64,
  ERR_SCX_VALUE: 64,
  ERR_SCX_VERIFIER: 65,
  ERR_SCX_WIRE: 69,
};

/** The status that an error ends a command with. */
export const statusOfError = (error: unknown): number => (error instanceof ScxError ? statusOfCode[error.code] : 70);

/** The status that a scheduler's exit ends a command with. */
export const statusOfExit = (exit: ExitRecord): number => (isError(exit) ? 3 : 0);

/** The table of statuses, for a command's help. */
export const statusHelp = (): string =>
  ["", "Exit status:", ...Object.entries(statuses).map(([status, text]) => `  ${status.padStart(2)}  ${text}`)]
    .join("\n")
    .concat("\n");
