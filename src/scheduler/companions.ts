// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import type { NativeError, NativeLink, NativeObject, ObjectProgram } from "../native/index.js";

const log = logger("scheduler");

const { EINVAL, EOPNOTSUPP, EPERM, EACCES, ENOENT, ESRCH } = constants.errno;

/** Those that belong to no struct_ops map and were loaded, with their indexes. */
const others = (native: NativeObject): { program: ObjectProgram; index: number }[] =>
  native
    .programs()
    .map((program, index) => ({ program, index }))
    .filter(({ program }) => program.autoload && program.typeName !== "struct_ops");

/**
 * Tells the kernel which scheduler the object's other programs belong to, after load and before any of them runs, as
 * upstream's SCX_OPS_LOAD does: their calls of sched_ext's functions then mean that one. Kernels that know only one scheduler
 * at a time don't need it, and say so.
 * @param ops index of the scheduler's map
 */
export function associateCompanions(native: NativeObject, ops: number): void {
  for (const { program, index } of others(native)) {
    try {
      native.associate(index, ops);
    } catch (cause) {
      const { errno, message } = cause as NativeError;
      if (errno === EINVAL) return; // not known there
      log.warn(`${program.name} can't be associated with the scheduler: ${message}`);
    }
  }
}

/**
 * The object's programs beside the scheduler's callbacks: tracepoints, kprobes, fentry and the like. They are attached before
 * the scheduler, so that they miss nothing of it, and detached after it.
 */
export class Companions {
  readonly #native: NativeObject;
  readonly #left: ReadonlySet<string>;
  #links: NativeLink[] = [];
  #attached = false;
  #detaching: Promise<void> = Promise.resolve();

  /** @param left names of those that are not to be attached */
  constructor(native: NativeObject, left: ReadonlySet<string>) {
    this.#native = native;
    this.#left = left;
  }

  /**
   * Attaches each of them to what its section names, if they aren't. Left out are those whose section begins with "?", and those whose
   * section names nothing, as SEC("syscall").
   * @throws ScxError ERR_SCX_ATTACH, ERR_SCX_PRIVILEGE; then none of them is attached
   */
  async attach(): Promise<void> {
    if (this.#attached) return;
    this.#attached = true;
    for (const { program, index } of others(this.#native)) {
      if (this.#left.has(program.name)) continue;
      try {
        this.#links.push(await this.#native.attachProgram(index));
        log.debug(`${program.name} attached`);
      } catch (cause) {
        const { errno, log: said } = cause as NativeError;
        if (errno === EOPNOTSUPP && said.length === 0) continue;
        await this.detach();
        throw failure(program, cause as NativeError);
      }
    }
  }

  /** Detaches them; idempotent. */
  detach(): Promise<void> {
    const links = this.#links.reverse();
    this.#links = [];
    this.#attached = false;
    this.#detaching = this.#detaching.then(async () => {
      for (const link of links) await link.detach();
    });
    return this.#detaching;
  }
}

function failure({ name, section }: ObjectProgram, cause: NativeError): ScxError {
  const { errno } = cause;
  const said = cause.log.at(-1)?.replace(/^libbpf: /, "");
  const base = {
    op: "attach",
    message: `Program ${name} can't be attached to ${section}: ${said ?? cause.message}.`,
    errno,
    log: cause.log,
    cause,
  };
  if (errno === EPERM || errno === EACCES)
    return new ScxError("ERR_SCX_PRIVILEGE", {
      ...base,
      remedy:
        "Run it as root, or with CAP_BPF and CAP_PERFMON; tracepoints and kprobes need tracefs to be readable too.",
    });
  return new ScxError("ERR_SCX_ATTACH", { ...base, remedy: remedyFor(errno, name, section) });
}

function remedyFor(errno: number, name: string, section: string): string {
  const without = `--program ${name}=off (in a program setProgram())`;
  if (errno !== ENOENT && errno !== ESRCH)
    return `Read libbpf's messages in the error's log (-v prints them), or do without it: ${without}.`;
  if (/^(tp|tracepoint|[ku](ret)?probe)\//.test(section) && !traceFolders.some((folder) => existsSync(folder)))
    return "No tracefs is mounted, in which tracepoints and probes are: mount -t tracefs tracefs /sys/kernel/tracing.";
  return `This kernel doesn't have it. If the program can be done without: ${without}.`;
}

/** Where libbpf looks for tracepoints. */
const traceFolders = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];
