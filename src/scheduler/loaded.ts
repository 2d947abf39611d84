// SPDX-License-Identifier: MIT
import { Context } from "../bpf/context.js";
import { requireKconfig } from "../bpf/kconfig.js";
import { OwnMap } from "../bpf/map.js";
import type { ObjectParts } from "../bpf/object.js";
import type { Given, LoadedGlobals, LoadedMaps, NameIn, ObjectTypes, StructValue } from "../bpf/object_types.js";
import type { StructOps } from "../bpf/struct_ops.js";
import { logger } from "../diagnostics.js";
import { ScxError, throwIfAborted } from "../error.js";
import { settled, whenSettled } from "../kernel/settled.js";
import type { NativeMap } from "../native/index.js";
import { ObjectStats } from "../source/object_stats.js";
import { LoadedStats, type StatsSource } from "../source/stats.js";
import type { StatsMap } from "../source/stats_map.js";
import { associateCompanions, Companions } from "./companions.js";
import type { ExitInfo } from "./exit.js";
import { throwAttachFailure, throwLoadFailure } from "./failure.js";
import { prepareScheduler } from "./prepare.js";
import { SyscallPrograms } from "./programs.js";
import { requireRestorable, SavedState } from "./restore.js";
import { Scheduler } from "./scheduler.js";

const log = logger("libbpf");

export interface LoadOptions {
  /**
   * Whether it is to be attached again after it has left, without being loaded again: for a process that has given up its
   * privileges. Globals are then put back to what they were at the first attach, and maps emptied; an object for which
   * that can't be done is refused with ERR_SCX_REATTACH.
   */
  reattach?: boolean;
  /** Where its statistics are and what they mean, for an object that doesn't tell. */
  statsMap?: StatsMap | undefined;
  /** Stops the loading. */
  signal?: AbortSignal;
}

/** What became of a program that was run with a typed context. */
export interface ProgramResult<C extends StructValue = StructValue> {
  /** What it returned: by convention 0, or a negative errno. */
  readonly status: number;
  /** Its context, as it left it. */
  readonly context: C;
}

/** Loads an open object; the object's own half of {@link BpfObject.load}. */
export async function loadObject<T extends ObjectTypes>(
  name: string,
  parts: ObjectParts,
  options: LoadOptions,
): Promise<LoadedObject<T>> {
  requireKconfig(parts.kconfig);
  if (options.reattach) requireRestorable(name, parts);
  const exit = await prepareScheduler(parts, options);
  parts.ops?.freeze();
  try {
    for (const line of await parts.native.load()) log.debug(line);
  } catch (cause) {
    throwLoadFailure(cause, parts.maps);
  }
  if (parts.ops) associateCompanions(parts.native, parts.ops.index);
  const companions = new Companions(parts.native, parts.unattached);
  // While the process still has its privileges; they then stay for all turns of the scheduler.
  if (options.reattach && parts.ops) await companions.attach();
  return new LoadedObject(name, parts, exit, companions, options);
}

/** An object in the kernel: the verifier has said yes. Not scheduling anything until {@link attach}. */
export class LoadedObject<T extends ObjectTypes = ObjectTypes> {
  readonly name: string;
  /** Global variables, live in the kernel's memory; those of .rodata can't be changed any more. */
  readonly globals: LoadedGlobals<T>;
  readonly #parts: ObjectParts;
  readonly #exit: ExitInfo | undefined;
  readonly #reattach: boolean;
  readonly #counted: ObjectStats;
  /** Of the present turn. */
  #stats: LoadedStats;
  #saved: SavedState | undefined;
  readonly #companions: Companions;
  readonly #maps: NativeMap[] = [];
  #views: Record<string, OwnMap> | undefined;
  readonly #programs: SyscallPrograms;
  #attaching: Promise<Scheduler<T["stats"]>> | undefined;
  /** What came of it. */
  #scheduler: Scheduler<T["stats"]> | undefined;
  #closing: Promise<void> | undefined;
  #freed = false;

  constructor(
    name: string,
    parts: ObjectParts,
    exit: ExitInfo | undefined,
    companions: Companions,
    options: LoadOptions,
  ) {
    this.name = name;
    this.#parts = parts;
    this.#exit = exit;
    this.#reattach = options.reattach ?? false;
    this.#counted = new ObjectStats(parts, parts.ops?.name ?? name, options.statsMap);
    this.#programs = new SyscallPrograms(parts.native);
    this.#companions = companions;
    this.globals = parts.variables.toObject() as LoadedGlobals<T>;
    for (const section of parts.sections) section.memory.goLive(() => this.#open(section.map));
    this.#stats = this.#newStats();
  }

  /** What it counts, for a {@link Sampler}: from attach to the day the scheduler leaves. Another one after the next attach. */
  get stats(): StatsSource<T["stats"]> {
    return this.#stats;
  }

  /**
   * The object's maps by name, to be read and written by their types: `loaded.maps.tasks.get(1234)`. Those of global data and of
   * ops are there with their ids only.
   */
  get maps(): LoadedMaps<T> {
    this.#requireOpen("read");
    this.#views ??= this.#newViews();
    return this.#views as LoadedMaps<T>;
  }

  /**
   * Runs a SEC("syscall") program once.
   * @param context what the program is given: bytes, which it may change in place, or an object with members of the struct
   * that its parameter points to (those not named are zero)
   * @returns the program's return value as the kernel's u32; for an object as a signed number, with the context as it is then
   * @throws ScxError ERR_SCX_USAGE when there is no such program, or its context has no type; ERR_SCX_VALUE; ERR_SCX_LOAD when
   * the kernel won't run it
   */
  run(program: NameIn<T["programs"]>, context?: Uint8Array): number;
  run<P extends NameIn<T["programs"]>>(program: P, context: Given<T["programs"][P]>): ProgramResult<T["programs"][P]>;
  run(program: string, context: Uint8Array | object = new Uint8Array()): number | ProgramResult {
    this.#requireOpen("run");
    if (context instanceof Uint8Array) return this.#programs.run(program, context);
    const typed = new Context(this.#parts.btf, program, context);
    const status = this.#programs.run(program, typed.bytes) | 0;
    return { status, context: typed.value() };
  }

  /**
   * Makes the kernel schedule by it, once: to attach again when it has left, load with {@link LoadOptions.reattach}, or
   * open and load again. A scheduler whose init fails is attached for a moment: look at {@link Scheduler.exited}.
   * @throws ScxError ERR_SCX_NO_STRUCT_OPS, ERR_SCX_BUSY, ERR_SCX_PRIVILEGE, ERR_SCX_ATTACH, ERR_SCX_CLOSED,
   * ERR_SCX_USAGE (attached before), ERR_SCX_REATTACH, ERR_SCX_ABORTED (it is detached again)
   */
  async attach(options: { signal?: AbortSignal } = {}): Promise<Scheduler<T["stats"]>> {
    this.#requireOpen("attach");
    const { signal } = options;
    const { ops } = this.#parts;
    if (!ops)
      throw new ScxError("ERR_SCX_NO_STRUCT_OPS", {
        op: "attach",
        message: `${this.name} is no scheduler: it holds no sched_ext_ops.`,
        remedy: "Load an object with a struct_ops map of that type.",
      });
    const what = `Attaching ${ops.name}`;
    throwIfAborted(signal, "attach", what);
    const last = this.#scheduler;
    if (this.#attaching && !(this.#reattach && last?.left))
      throw new ScxError("ERR_SCX_USAGE", {
        op: "attach",
        message: `This object of ${ops.name} has been attached already.`,
        remedy: this.#reattach
          ? "Attach it again when it has left."
          : "Open and load the file again: counters, globals and exit record then begin afresh.",
      });
    this.#scheduler = undefined;
    this.#attaching = this.#start(ops, last, signal);
    try {
      const scheduler = await this.#attaching;
      if (!this.#reattach) void scheduler.exited.then(() => this.#companions.detach());
      if (signal?.aborted) await scheduler.detach();
      throwIfAborted(signal, "attach", what);
      if (this.#closing) {
        await scheduler.detach();
        this.#requireOpen("attach");
      }
      return scheduler;
    } catch (error) {
      if (!signal?.aborted && !this.#closing) this.#attaching = undefined; // the kernel refused: it may be tried again
      throw error;
    }
  }

  /**
   * Detaches what is attached and frees the maps and programs; idempotent. Statistics can't be read afterwards, so await
   * {@link Scheduler.detach} first for the last ones.
   */
  close(): void {
    void this[Symbol.asyncDispose]();
  }

  /** {@link close}, resolved when the kernel has its own scheduler back. Never rejects. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#attaching) this.#free();
    this.#closing ??= this.#detachAndFree();
    return this.#closing;
  }

  async #detachAndFree(): Promise<void> {
    try {
      const scheduler = await this.#attaching;
      await scheduler?.detach();
    } catch (error) {
      // Not attached, then; who called attach() has the error.
      logger("scheduler").debug(`closing ${this.name}: ${(error as Error).message}`);
    }
    await this.#companions.detach();
    this.#free();
  }

  async #start(
    ops: StructOps,
    last: Scheduler | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Scheduler<T["stats"]>> {
    if (last) {
      await last.detach(); // its link would keep this one out
      this.#counted.close();
      this.#stats = this.#newStats();
    }
    await settled(signal);
    // A refused attach may have run the scheduler's init, too.
    if (this.#saved) await this.#saved.restore();
    else if (this.#reattach) this.#saved = new SavedState(this.#parts, (index) => this.#open(index));
    this.#scheduler = await Scheduler.start(ops.name, () => this.#attach(ops, signal), this.#exit, this.#stats);
    return this.#scheduler;
  }

  #newViews(): Record<string, OwnMap> {
    const views: Record<string, OwnMap> = Object.create(null);
    this.#parts.native.maps().forEach(({ name, autocreate }, i) => {
      if (autocreate === false) return; // that of another scheduler in the same object
      let map: NativeMap | undefined;
      views[name] = new OwnMap(
        name,
        () => this.#parts.btf,
        () => {
          this.#requireOpen("access");
          map ??= this.#open(i);
          return map;
        },
      );
    });
    return views;
  }

  #newStats(): LoadedStats {
    return new LoadedStats(this.#parts.ops?.name ?? this.name, () => {
      this.#requireOpen("read");
      return this.#counted.find();
    });
  }

  async #attach(ops: StructOps, signal: AbortSignal | undefined) {
    await this.#companions.attach();
    try {
      return await whenSettled(() => this.#parts.native.attach(ops.index), signal);
    } catch (cause) {
      if (!this.#reattach) await this.#companions.detach();
      throwAttachFailure(cause, ops);
    }
  }

  #free(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.#stats.end();
    this.#counted.close();
    for (const map of this.#maps) map.close();
    this.#programs.close();
    this.#parts.native.close();
  }

  #open(index: number): NativeMap {
    const map = this.#parts.native.map(index);
    this.#maps.push(map);
    return map;
  }

  #requireOpen(op: string): void {
    if (this.#closing || this.#freed)
      throw new ScxError("ERR_SCX_CLOSED", {
        op,
        message: `The object ${this.name} is closed.`,
        remedy: "Open and load it again.",
      });
  }
}
