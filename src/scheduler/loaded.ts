// SPDX-License-Identifier: MIT
import { throwAttachFailure, throwLoadFailure } from "../bpf/failure.js";
import type { ObjectParts } from "../bpf/object.js";
import type { BtfValue } from "../bpf/value.js";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import type { NativeMap, NativeProgram } from "../native/index.js";
import { findStats } from "../source/layout.js";
import { LoadedStats, type StatsSource } from "../source/stats.js";
import type { ExitInfo } from "./exit.js";
import { prepareScheduler } from "./prepare.js";
import { Scheduler } from "./scheduler.js";

const log = logger("libbpf");

/** A map of a loaded object, held open by its own descriptor until the object is closed. */
export interface LoadedMap {
  readonly name: string;
  /** The kernel's id of it, as `bpftool map` shows. */
  readonly id: number;
}

/** Loads an open object; the object's own half of {@link BpfObject.load}. */
export async function loadObject(name: string, parts: ObjectParts): Promise<LoadedObject> {
  const exit = await prepareScheduler(parts);
  try {
    for (const line of await parts.native.load()) log.debug(line);
  } catch (cause) {
    throwLoadFailure(cause);
  }
  return new LoadedObject(name, parts, exit);
}

/** An object in the kernel: the verifier has said yes. Not scheduling anything until {@link attach}. */
export class LoadedObject {
  readonly name: string;
  /** Global variables, live in the kernel's memory; those of .rodata can't be changed any more. */
  readonly globals: Record<string, BtfValue>;
  readonly #parts: ObjectParts;
  readonly #exit: ExitInfo | undefined;
  readonly #stats: LoadedStats;
  readonly #maps: NativeMap[] = [];
  readonly #programs = new Map<string, NativeProgram>();
  #scheduler: Scheduler | undefined;
  #closed = false;

  constructor(name: string, parts: ObjectParts, exit: ExitInfo | undefined) {
    this.name = name;
    this.#parts = parts;
    this.#exit = exit;
    this.globals = parts.variables.toObject();
    for (const section of parts.sections) section.memory.goLive(() => this.#open(section.map));
    this.#stats = new LoadedStats(parts.ops?.name ?? name, () => this.#findStats());
  }

  /** What it counts, for a {@link Sampler}: from attach to the day the scheduler leaves. */
  get stats(): StatsSource {
    return this.#stats;
  }

  /** The object's maps. */
  get maps(): LoadedMap[] {
    this.#requireOpen("read");
    return this.#parts.maps.map(({ name }, i) => {
      const map = this.#parts.native.map(i);
      const { id } = map.info();
      map.close();
      return { name, id };
    });
  }

  /**
   * Runs a SEC("syscall") program once.
   * @param context what the program gets as its context; it may change it in place
   * @returns the program's return value
   * @throws ScxError ERR_SCX_USAGE when there is no such program, ERR_SCX_LOAD when the kernel won't run it
   */
  run(program: string, context: Uint8Array = new Uint8Array()): number {
    this.#requireOpen("run");
    const { native } = this.#parts;
    let found = this.#programs.get(program);
    if (!found) {
      const all = native.programs();
      const index = all.findIndex((one) => one.name === program && one.section.startsWith("syscall"));
      if (index < 0)
        throw new ScxError("ERR_SCX_USAGE", {
          op: "run",
          message: `The object has no syscall program "${program}".`,
          remedy: `It has ${
            all
              .filter((one) => one.section.startsWith("syscall"))
              .map((one) => one.name)
              .join(", ") || "none at all"
          }.`,
        });
      found = native.program(index);
      this.#programs.set(program, found);
    }
    try {
      return found.run(context);
    } catch (cause) {
      const { message, errno } = cause as { message: string; errno?: number };
      throw new ScxError("ERR_SCX_LOAD", {
        op: "run",
        message: `Program ${program} can't be run: ${message}.`,
        remedy: "Check the size of its context.",
        errno,
        cause,
      });
    }
  }

  /**
   * Makes the kernel schedule by it. A scheduler whose init fails is attached for a moment: look at
   * {@link Scheduler.exited}.
   * @throws ScxError ERR_SCX_NO_STRUCT_OPS, ERR_SCX_BUSY, ERR_SCX_PRIVILEGE, ERR_SCX_ATTACH, ERR_SCX_CLOSED
   */
  async attach(options: { signal?: AbortSignal } = {}): Promise<Scheduler> {
    this.#requireOpen("attach");
    options.signal?.throwIfAborted();
    const { ops, native } = this.#parts;
    if (!ops)
      throw new ScxError("ERR_SCX_NO_STRUCT_OPS", {
        op: "attach",
        message: `${this.name} is no scheduler: it holds no sched_ext_ops.`,
        remedy: "Load an object with a struct_ops map of that type.",
      });
    if (this.#scheduler && !this.#scheduler.left)
      throw new ScxError("ERR_SCX_BUSY", {
        op: "attach",
        message: `${ops.name} is attached already.`,
        remedy: "Detach it first.",
      });
    const attach = async () => {
      try {
        return await native.attach(ops.index);
      } catch (cause) {
        throwAttachFailure(cause, ops.name);
      }
    };
    this.#scheduler = await Scheduler.start(ops.name, attach, this.#exit, this.#stats);
    return this.#scheduler;
  }

  /**
   * Detaches what is attached and frees the maps and programs; idempotent. Statistics can't be read afterwards, so await
   * {@link Scheduler.detach} first for the last ones.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#scheduler) void this.#scheduler.detach().finally(() => this.#free());
    else this.#free();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scheduler?.detach();
    this.close();
  }

  #free(): void {
    this.#stats.end();
    for (const map of this.#maps) map.close();
    for (const program of this.#programs.values()) program.close();
    this.#parts.native.close();
  }

  #findStats() {
    this.#requireOpen("read");
    const { native, maps, btf } = this.#parts;
    const layout = findStats(native, maps, btf);
    if (!layout) return undefined;
    const reset = layout.reset === undefined ? undefined : native.program(layout.reset);
    if (reset) this.#programs.set("scx_stats_reset", reset);
    return { layout, map: this.#open(layout.map), reset };
  }

  #open(index: number): NativeMap {
    const map = this.#parts.native.map(index);
    this.#maps.push(map);
    return map;
  }

  #requireOpen(op: string): void {
    if (this.#closed)
      throw new ScxError("ERR_SCX_CLOSED", {
        op,
        message: `The object ${this.name} is closed.`,
        remedy: "Open and load it again.",
      });
  }
}
