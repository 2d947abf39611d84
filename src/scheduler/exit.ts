// SPDX-License-Identifier: MIT
import { release } from "node:os";
import type { Btf } from "../bpf/btf.js";
import type { DataSection } from "../bpf/section.js";
import { decode } from "../bpf/value.js";
import { wallClock } from "../wall_clock.js";
import { type Dump, parseDump, type StalledTask, stalledTask } from "./dump.js";
import { decodeExitCode, type ExitCode } from "./exit_code.js";

/** `enum scx_exit_kind` of kernel/sched/ext_internal.h, lower case and without its prefix. */
export const exitKinds = {
  none: 0,
  done: 1,
  unreg: 64,
  unreg_bpf: 65,
  unreg_kern: 66,
  sysrq: 67,
  parent: 68,
  error: 1024,
  error_bpf: 1025,
  error_stall: 1026,
} as const;

export type ExitKind = keyof typeof exitKinds | "unknown";

/** From this number on an exit is an error of the scheduler (SCX_EXIT_ERROR). */
const firstError = exitKinds.error;

/** What the kernel and the scheduler left behind about an exit. */
export interface ExitFacts {
  number: number;
  code: bigint;
  /** The kernel's words for the kind. */
  reason: string;
  /** The scheduler's words, or the kernel's details. */
  message: string;
  /** The CPU on which it was caused; undefined where the kernel or the object doesn't say (before 7.2). */
  cpu?: number | undefined;
  /** The debug dump, whole; empty when nothing was dumped. */
  dump?: string;
}

/** Why a scheduler left the kernel. */
export interface ExitRecord {
  /** `unreg` (detached from user space), `error_stall` (the watchdog), …; `unknown` for a number that has no name here. */
  kind: ExitKind;
  /** The kernel's number of that kind; 0 when the object keeps no exit information. */
  number: number;
  /** Exit code, s64: bits 0-31 the scheduler's own, 32-47 the reason, 48-63 the action. */
  code: bigint;
  /** The same in its parts, with the names that they have. */
  decoded: ExitCode;
  /** The kernel's words for the kind. */
  reason: string;
  /** The scheduler's words, or the kernel's details. */
  message: string;
  /** The CPU on which it was caused; undefined where the kernel or the object doesn't say (before 7.2). */
  cpu: number | undefined;
  /** The task that the watchdog accuses; undefined for any other exit, and when the watchdog itself couldn't run. */
  stalled: StalledTask | undefined;
  /** The debug dump, whole; empty when nothing was dumped. */
  dump: string;
  /** The debug dump in parts; undefined when nothing was dumped. */
  parsed: Dump | undefined;
  /** ns since 1970, when the exit was noticed. */
  at: bigint;
  /** ns from when the kernel was asked to attach it until the exit was noticed. */
  uptime: bigint;
  /** The running kernel's release, as `uname -r` says. */
  kernel: string;
  /** ops.name. */
  ops: string;
}

/** Whether the scheduler left by an error rather than because somebody asked. */
export const isError = (exit: ExitRecord): boolean => exit.number >= firstError || exit.kind === "unknown";

/** The exit information that a scheduler's `ops.exit` records in its .data (user_exit_info), found by its shape. */
export class ExitInfo {
  readonly #btf: Btf;
  readonly #section: DataSection;
  readonly #type: number;
  readonly #offset: number;
  readonly #size: number;
  readonly #kindOffset: number;
  readonly #dump: DataSection | undefined;

  private constructor(btf: Btf, section: DataSection, type: number, offset: number, dump: DataSection | undefined) {
    this.#btf = btf;
    this.#section = section;
    this.#type = type;
    this.#offset = offset;
    this.#size = btf.sizeOf(type);
    this.#kindOffset = (btf.resolve(type).members.find((one) => one.name === "kind")?.bitOffset ?? 0) / 8;
    this.#dump = dump;
  }

  /** Finds it under any name; undefined when the object keeps none. */
  static find(
    btf: Btf,
    sections: readonly DataSection[],
  ): { info: ExitInfo; name: string; dump: DataSection | undefined } | undefined {
    for (const section of sections.filter((one) => /^\.(data|bss)/.test(one.name))) {
      for (const { type, offset } of section.type.variables) {
        const variable = btf.type(type);
        const struct = btf.resolve(variable.type);
        const members = new Set(struct.members.map((member) => member.name));
        if (struct.kind !== "struct" || !["kind", "exit_code", "reason", "msg"].every((name) => members.has(name)))
          continue;
        const dump = sections.find((one) => one.name === `.data.${variable.name}_dump`);
        return { info: new ExitInfo(btf, section, variable.type, offset, dump), name: variable.name, dump };
      }
    }
    return undefined;
  }

  /** The kind's number: 0 while the scheduler runs. It is written last, so the rest is whole when it isn't 0. */
  kind(): number {
    const bytes = this.#section.memory.read(this.#offset + this.#kindOffset, 4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true);
  }

  read(): ExitFacts {
    const bytes = this.#section.memory.read(this.#offset, this.#size);
    const value = decode(this.#btf, this.#type, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const field = value as Record<string, unknown>;
    const cpu = Number(field.exit_cpu ?? -1); // -1 too where the kernel doesn't say
    return {
      number: Number(field.kind),
      code: BigInt(field.exit_code as bigint),
      reason: String(field.reason),
      message: String(field.msg),
      cpu: cpu >= 0 ? cpu : undefined,
      dump: this.#readDump(),
    };
  }

  #readDump(): string {
    if (!this.#dump) return "";
    const bytes = this.#dump.memory.read(0, this.#dump.memory.size);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end));
  }
}

/**
 * The record of an exit, noticed now.
 * @param ops the scheduler's ops.name
 * @param uptime ns since attach
 */
export function exitRecord(facts: ExitFacts, ops: string, uptime: bigint): ExitRecord {
  const { number, code, reason, message, cpu, dump = "" } = facts;
  const kind = (Object.keys(exitKinds) as (keyof typeof exitKinds)[]).find((name) => exitKinds[name] === number);
  return {
    kind: number === 0 ? "unknown" : (kind ?? "unknown"),
    number,
    code,
    decoded: decodeExitCode(code),
    reason,
    message,
    cpu,
    stalled: number === exitKinds.error_stall ? stalledTask(message) : undefined,
    dump,
    parsed: dump === "" ? undefined : parseDump(dump),
    at: wallClock(),
    uptime,
    kernel: release(),
    ops,
  };
}
