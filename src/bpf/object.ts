// SPDX-License-Identifier: MIT
import { basename } from "node:path";
import { ScxError, throwIfAborted } from "../error.js";
import { kernelHasStruct } from "../kernel/sched_ext.js";
import type { NativeObject, ObjectMap } from "../native/index.js";
// The one import against the stream: loading makes what the next phase begins with.
import { type LoadedObject, type LoadOptions, loadObject } from "../scheduler/loaded.js";
import { Btf } from "./btf.js";
import { type BpfDescription, describeParts } from "./describe.js";
import { completeKconfig, type Kconfig } from "./kconfig.js";
import type { Globals, NameIn, ObjectTypes, PathIn } from "./object_types.js";
import { noBtf, openNative } from "./open.js";
import { opsFlagNames } from "./ops_flags.js";
import { resizeSection } from "./resize.js";
import { type DataSection, dataSections, sectionVariables } from "./section.js";
import { chooseScheduler, hasScheduler, requireOneScheduler, type StructOps, structOpsMaps } from "./struct_ops.js";
import { Variables } from "./variable.js";

export interface OpenOptions {
  /**
   * Which struct_ops map to use, when the object holds several schedulers: it can be looked at without, but not loaded.
   * Not needed for one of type sched_ext_ops and one of sched_ext_ops_cid: where the kernel has the latter, that is taken.
   */
  opsMap?: string | undefined;
  /**
   * Where maps that are to be pinned by name (LIBBPF_PIN_BY_NAME) are pinned at load, or found when pinned before: a folder in
   * a bpf file system, /sys/fs/bpf unless given. The pins stay when all is closed.
   */
  pinRoot?: string | undefined;
  /** Lines as in a kernel's .config, for what the object asks of it (`__kconfig`); they go before the kernel's own. */
  kconfig?: string | undefined;
  /** Stops the opening. */
  signal?: AbortSignal;
}

/** What becomes of a program that is no callback. */
export type ProgramUse = (typeof programUses)[number];

/** See {@link BpfObject.setProgram}. */
export const programUses = ["off", "load", "on"] as const;

/** What the parts of an open object are, for the phases that follow. */
export interface ObjectParts {
  readonly native: NativeObject;
  readonly btf: Btf;
  readonly maps: readonly ObjectMap[];
  readonly sections: readonly DataSection[];
  /** All struct_ops maps. */
  readonly structOps: readonly StructOps[];
  /** The scheduler's among them. */
  readonly ops: StructOps | undefined;
  readonly variables: Variables;
  readonly kconfig: Kconfig;
  /** Names of the programs that are loaded and not to be attached. */
  readonly unattached: Set<string>;
}

/**
 * An object file, opened: plain data that can be looked at and changed without privileges. Only {@link load} touches the
 * kernel.
 * @typeParam T its names and types, as `scxkit gen` writes them
 */
export class BpfObject<T extends ObjectTypes = ObjectTypes> {
  /** The file's name without its endings: `simple` of `simple.bpf.o`. */
  readonly name: string;
  /** Global variables by name; assigning checks name, type and range against BTF. Structs are assigned as objects. */
  readonly globals: Globals<T>;
  readonly #parts: ObjectParts;
  #state: "open" | "loaded" | "closed" = "open";

  private constructor(name: string, parts: ObjectParts) {
    this.name = name;
    this.#parts = parts;
    this.globals = parts.variables.toObject() as Globals<T>;
  }

  /**
   * Opens an object file built for sched_ext, or any BPF object with BTF.
   * @throws ScxError ERR_SCX_FILE_NOT_FOUND, ERR_SCX_FILE_UNREADABLE, ERR_SCX_PRIVILEGE, ERR_SCX_NOT_BPF_OBJECT,
   * ERR_SCX_NO_BTF, ERR_SCX_USAGE, ERR_SCX_ABORTED
   */
  static async open<T extends ObjectTypes = ObjectTypes>(
    path: string,
    options: OpenOptions = {},
  ): Promise<BpfObject<T>> {
    if (typeof path !== "string" || path === "" || path.includes("\0"))
      throw new ScxError("ERR_SCX_USAGE", {
        op: "open",
        message: `${String(path)} is no path.`,
        remedy: "Give an object file's path, as a string.",
      });
    const name = basename(path).replace(/(\.bpf)?\.o$/, "");
    throwIfAborted(options.signal, "open", `Opening ${path}`);
    const { pinRoot } = options;
    let opened = await openNative(path, name, { pinRoot, kconfig: options.kconfig });
    try {
      throwIfAborted(options.signal, "open", `Opening ${path}`);
      const raw = opened.btf();
      if (!raw) throw noBtf(path);
      const btf = new Btf(raw);
      const kconfig = completeKconfig(btf, opened.externs(), options.kconfig);
      if (kconfig.text !== options.kconfig) {
        // libbpf takes it only when it opens an object.
        opened.close();
        opened = await openNative(path, name, { pinRoot, kconfig: kconfig.text });
      }
      const maps = opened.maps();
      const sections = dataSections(opened, maps, btf);
      const globals = sectionVariables(btf, sections, (section, bytes) => resizeSection(btf, section, bytes));
      const variables = new Variables(btf, globals, { noun: "global", unknown: "ERR_SCX_GLOBAL_UNKNOWN" });
      const flags = hasScheduler(btf) ? await opsFlagNames(btf) : undefined;
      const structOps = structOpsMaps(opened, maps, btf, flags);
      const ops = await chooseScheduler(structOps, options.opsMap, kernelHasStruct);
      return new BpfObject(name, {
        native: opened,
        btf,
        maps,
        sections,
        structOps,
        ops,
        variables,
        kconfig,
        unattached: new Set(),
      });
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** The object's types. */
  get btf(): Btf {
    return this.#parts.btf;
  }

  /**
   * What the object is made of, with the values that are set now, as plain data.
   * @throws ScxError ERR_SCX_CLOSED, ERR_SCX_NOT_BPF_OBJECT when its BTF turns out to be damaged
   */
  describe(): BpfDescription {
    this.#requireOpen("describe");
    return describeParts(this.#parts);
  }

  /**
   * Fields of the scheduler's sched_ext_ops that are data (timeout_ms, flags, name…), by name. Flags can be set by their
   * names too: "SWITCH_PARTIAL|ENQ_LAST", or a list.
   */
  get ops(): T["ops"] {
    return this.#requireOps().fields.toObject();
  }

  /** The scheduler's name, ops.name. */
  get scheduler(): string {
    return this.#requireOps().name;
  }

  /** Sets a global, or a part of one (`config.limits[1].low`), from a value or its text: what `--set` does. */
  setGlobal(path: PathIn<Globals<T>>, value: unknown): void {
    this.#requireOpen("set");
    this.#parts.variables.set(path, value);
  }

  /**
   * Gives a global array another length: one that is the last of its section, as upstream's RESIZABLE_ARRAY makes them. A
   * longer list assigned to it does so by itself; and one that is a scheduler's, alone in a section of its name, and given no
   * length gets as many elements as there are possible CPUs. Or gives a map of that name another max_entries.
   * @throws ScxError ERR_SCX_GLOBAL_UNKNOWN, ERR_SCX_VALUE, ERR_SCX_USAGE where libbpf can't
   */
  resize(name: NameIn<Globals<T>> | NameIn<T["maps"]>, length: number): void {
    this.#requireOpen("set");
    const { variables, maps } = this.#parts;
    // Those of global data have a dot in their name, and one value for ever.
    const map = maps.findIndex((one) => one.name === name && !name.includes(".") && one.typeName !== "struct_ops");
    if (variables.has(name) || map < 0) variables.resize(name, length);
    else this.#resizeMap(map, length);
  }

  #resizeMap(index: number, entries: number): void {
    const map = this.#parts.maps[index] as ObjectMap;
    if (!Number.isInteger(entries) || entries < 1 || entries > 0xffffffff)
      throw new ScxError("ERR_SCX_VALUE", {
        op: "set",
        message: `Map ${map.name} can't have ${entries} entries.`,
        remedy: "Give a number from 1 to 4294967295.",
      });
    this.#parts.native.setMaxEntries(index, entries);
    map.maxEntries = entries;
  }

  /**
   * What becomes of a program that is no callback of a scheduler: "off" is not loaded, "load" is loaded for who attaches it
   * otherwise, "on" is also attached to what its section names, before the scheduler. They are on, unless their section begins
   * with "?": then off.
   * @throws ScxError ERR_SCX_USAGE when there is no such program
   */
  setProgram(name: NameIn<T["programs"]> | NameIn<T["companions"]>, use: ProgramUse): void {
    this.#requireOpen("set");
    const { native, unattached } = this.#parts;
    const programs = native.programs();
    const index = programs.findIndex((one) => one.name === name && one.typeName !== "struct_ops");
    if (index < 0 || !programUses.includes(use)) {
      const names = programs.filter((one) => one.typeName !== "struct_ops").map((one) => one.name);
      throw new ScxError("ERR_SCX_USAGE", {
        op: "set",
        message:
          index < 0 ? `The object has no program "${name}" beside its callbacks.` : `${use} is no use of a program.`,
        remedy: index < 0 ? `It has ${names.join(", ") || "none at all"}.` : `Say ${programUses.join(", ")}.`,
      });
    }
    native.setAutoload(index, use !== "off");
    if (use === "on") unattached.delete(name);
    else unattached.add(name);
  }

  /** Sets a field of the ops from a value or its text: what `--ops` does. */
  setOps(field: NameIn<T["ops"]>, value: unknown): void {
    this.#requireOpen("set");
    this.#requireOps().fields.set(field, value);
  }

  /**
   * Loads maps and programs into the kernel: the verifier says yes or no. The object can't be used afterwards, whatever
   * came of it; what is loaded is in the result.
   * @throws ScxError ERR_SCX_USAGE when there are several schedulers and none was chosen, ERR_SCX_NO_SCHED_EXT,
   * ERR_SCX_NO_BTF, ERR_SCX_PRIVILEGE, ERR_SCX_VERIFIER (a VerifierError), ERR_SCX_KERNEL_LACKS, ERR_SCX_KERNEL_FAULT,
   * ERR_SCX_LOAD, ERR_SCX_REATTACH
   */
  async load(options: LoadOptions = {}): Promise<LoadedObject<T>> {
    this.#requireOpen("load");
    if (!this.#parts.ops) requireOneScheduler(this.#parts.structOps);
    throwIfAborted(options.signal, "load", `Loading ${this.name}`);
    this.#state = "loaded";
    try {
      const loaded = await loadObject<T>(this.name, this.#parts, options);
      if (options.signal?.aborted) loaded.close();
      throwIfAborted(options.signal, "load", `Loading ${this.name}`);
      return loaded;
    } catch (error) {
      this.#parts.native.close();
      throw error;
    }
  }

  /** Frees the object, if it wasn't loaded; idempotent. */
  close(): void {
    if (this.#state === "open") this.#parts.native.close();
    this.#state = "closed";
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #requireOpen(op: string): void {
    if (this.#state === "open") return;
    throw new ScxError("ERR_SCX_CLOSED", {
      op,
      message: `The object ${this.name} is ${this.#state} already.`,
      remedy: "Open it again: BpfObject.open() gives a fresh one.",
    });
  }

  #requireOps(): StructOps {
    const { ops, structOps } = this.#parts;
    if (ops) return ops;
    requireOneScheduler(structOps);
    throw new ScxError("ERR_SCX_NO_STRUCT_OPS", {
      op: "open",
      message: `${this.name} is no scheduler: it holds no struct_ops map of type sched_ext_ops.`,
      remedy: 'Declare one in SEC(".struct_ops.link") (bpf/include/scxkit/scx.h has a macro for it).',
    });
  }
}
