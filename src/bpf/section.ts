// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { ENOTSUPP } from "../native/errno.js";
import type { NativeError, NativeMap, NativeObject, ObjectMap } from "../native/index.js";
import type { Btf, BtfType } from "./btf.js";
import type { Memory, Variable } from "./variable.js";

/** A map's memory, before and after load; switches over when the object is loaded. */
export class MapMemory implements Memory {
  readonly #object: NativeObject;
  readonly #map: number;
  readonly #writable: boolean;
  #frozen = false;
  #initial: Uint8Array | undefined;
  #live: (() => NativeMap) | undefined;

  constructor(object: NativeObject, map: number, writableAfterLoad: boolean) {
    this.#object = object;
    this.#map = map;
    this.#writable = writableAfterLoad;
  }

  read(offset: number, size: number): Uint8Array {
    return guarded(() => {
      if (this.#live) return this.#live().readMapped(offset, new Uint8Array(size));
      const initial = this.#read();
      if (offset + size > initial.length)
        throw new ScxError("ERR_SCX_NOT_BPF_OBJECT", {
          op: "access",
          message: "A variable leaves its section: the object's BTF is damaged.",
          remedy: "Build the object again with clang -g -target bpf.",
        });
      return initial.slice(offset, offset + size);
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    if (this.#frozen)
      throw new ScxError("ERR_SCX_USAGE", {
        op: "set",
        message: "This can't be changed any more since the object was loaded.",
        remedy: "Set it on the open object, before load().",
      });
    guarded(() => {
      if (this.#live) return writeLive(this.#live(), offset, bytes);
      this.#object.setInitialValue(this.#map, offset, bytes);
      this.#initial?.set(bytes, offset);
    });
  }

  /** Gives the map another size, before load. */
  resize(bytes: number): void {
    if (this.#frozen || this.#live)
      throw new ScxError("ERR_SCX_USAGE", {
        op: "set",
        message: "Nothing can be resized any more since the object was loaded.",
        remedy: "Resize it on the open object, before load().",
      });
    guarded(() => this.#object.setValueSize(this.#map, bytes));
    this.#initial = undefined;
  }

  #read(): Uint8Array {
    this.#initial ??= this.#object.initialValue(this.#map) ?? new Uint8Array();
    return this.#initial;
  }

  /** From here on nothing can be changed, and what stands there now is what is read. */
  freeze(): void {
    this.#read();
    this.#frozen = true;
  }

  /** Bytes of the map's value. */
  get size(): number {
    return this.#live?.().info().valueSize ?? this.#initial?.length ?? 0;
  }

  /** From here on reads and writes go to the kernel's memory. The map is opened when first needed. */
  goLive(open: () => NativeMap): void {
    let map: NativeMap | undefined;
    this.#frozen = !this.#writable;
    this.#live = () => {
      map ??= open();
      return map;
    };
    this.#initial = undefined;
  }
}

function writeLive(map: NativeMap, offset: number, bytes: Uint8Array): void {
  try {
    map.writeMapped(offset, bytes);
  } catch (cause) {
    const { errno } = cause as NativeError;
    if (errno !== constants.errno.EINVAL && errno !== ENOTSUPP) throw cause;
    throw new ScxError("ERR_SCX_USAGE", {
      op: "set",
      message: "This can't be changed once it is loaded: all variables of its section are static, or one is a lock.",
      remedy: "Set it before load(), or move it to a section that has a variable which is not static, and no lock.",
      errno,
      cause,
    });
  }
}

/** The addon refuses what is closed; so that the caller learns it in our words. */
function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    if (cause instanceof ScxError) throw cause;
    const { message, errno } = cause as { message: string; errno?: number };
    if (errno !== undefined)
      throw new ScxError("ERR_SCX_MAP_READ", {
        op: "access",
        message: `The variable's memory can't be reached: ${message}.`,
        remedy: "Check the limits on mapped memory (ulimit -v), or report it with this text.",
        errno,
        cause,
      });
    throw new ScxError("ERR_SCX_CLOSED", {
      op: "access",
      message: `The variable's memory is gone: ${message}.`,
      remedy: "Read and set variables while the object is open or loaded.",
      cause,
    });
  }
}

/** A section of global data and the map that libbpf makes of it. */
export interface DataSection {
  /** `.data`, `.rodata`, `.data.uei_dump`… */
  readonly name: string;
  /** Index of its map. */
  readonly map: number;
  readonly type: BtfType;
  readonly memory: MapMemory;
}

/** The object's sections of global variables: .rodata, .data, .bss and their named relatives. */
export function dataSections(object: NativeObject, maps: readonly ObjectMap[], btf: Btf): DataSection[] {
  const sections: DataSection[] = [];
  for (const type of btf.ofKind("datasec")) {
    if (!/^\.(rodata|data|bss)(\.|$)/.test(type.name)) continue;
    // libbpf calls the map of .data "<object>.data" (both cut to 15 characters), the map of .data.foo by its own name.
    const map = maps.findIndex(
      (one) => one.name === type.name || (one.name.includes(".") && one.name.endsWith(type.name)),
    );
    if (map < 0) continue;
    const memory = new MapMemory(object, map, !type.name.startsWith(".rodata"));
    sections.push({ name: type.name, map, type, memory });
  }
  return sections;
}

/**
 * The variables of those sections.
 * @param makeRoom gives a section another size
 */
export function* sectionVariables(
  btf: Btf,
  sections: Iterable<DataSection>,
  makeRoom: (section: DataSection, bytes: number) => void,
): Generator<Variable> {
  for (const section of sections) {
    const last = section.type.variables.at(-1);
    for (const one of section.type.variables) {
      const variable = btf.type(one.type);
      if (variable.kind !== "var") continue;
      yield {
        name: variable.name,
        section: section.name,
        type: variable.type,
        offset: one.offset,
        memory: section.memory,
        ...(one === last && { makeRoom: (bytes: number) => makeRoom(section, bytes) }),
      };
    }
  }
}
