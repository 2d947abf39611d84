// SPDX-License-Identifier: MIT
import { ScxError, type ScxErrorCode } from "../error.js";
import type { Btf } from "./btf.js";
import { type BtfValue, decode, encode } from "./value.js";

/** Where a variable lives: the object's initial data before load, the kernel's memory after. */
export interface Memory {
  read(offset: number, size: number): Uint8Array;
  /** Throws where it is read-only (`.rodata` after load). */
  write(offset: number, bytes: Uint8Array): void;
}

/** A named place of a BTF type: a global variable, or a field of the ops. */
export interface Variable {
  readonly name: string;
  /** `.rodata`, `.data`, `.bss`…, or the struct_ops map. */
  readonly section: string;
  readonly type: number;
  readonly offset: number;
  readonly memory: Memory;
}

/** What a variable is, and its value now. */
export interface VariableDescription {
  readonly name: string;
  /** `.rodata`, `.data`, `.bss`…, or the struct_ops map. */
  readonly section: string;
  /** As C would write it, without qualifiers. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** Absent for pointers, and for what has more than 4096 bytes. */
  readonly value?: BtfValue;
}

/** Larger ones are buffers, of which nobody wants to see each byte. */
const longestValue = 4096;

/**
 * Variables by name; {@link toObject} gives them the look of a plain object. Pointers are none: they belong to the
 * program and to libbpf.
 */
export class Variables {
  readonly #btf: Btf;
  readonly #all = new Map<string, Variable>();
  readonly #what: { noun: string; unknown: ScxErrorCode };

  constructor(btf: Btf, variables: Iterable<Variable>, what: { noun: string; unknown: ScxErrorCode }) {
    this.#btf = btf;
    this.#what = what;
    for (const variable of variables) this.#all.set(variable.name, variable);
  }

  names(): string[] {
    return [...this.#all.keys()].filter((name) => this.#find(name));
  }

  has(name: string): boolean {
    return this.#find(name) !== undefined;
  }

  get(name: string): BtfValue | undefined {
    const variable = this.#find(name);
    if (!variable) return undefined;
    return whole(name, () => deepFreeze(decode(this.#btf, variable.type, this.#view(variable))));
  }

  /**
   * Sets a variable, or a part of one (`config.limits.low`). Nothing is written unless the whole value fits.
   * @throws ScxError the unknown-name code, or ERR_SCX_VALUE
   */
  set(path: string, value: unknown): void {
    const [name = "", ...members] = path.split(".");
    const variable = this.#find(name);
    if (!variable) throw this.#unknown(name);
    const view = this.#view(variable);
    const part = this.#part(variable, members, path);
    whole(name, () => encode(this.#btf, part.type, value, view, part.offset, path));
    variable.memory.write(variable.offset, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  /** All of them, pointers too, as plain data. */
  describe(): VariableDescription[] {
    return [...this.#all.values()].map((variable) => {
      const { name, section } = variable;
      const size = this.#btf.sizeOf(variable.type);
      const value = size <= longestValue ? this.get(name) : undefined;
      return { name, section, type: this.#btf.describe(variable.type), size, ...(value !== undefined && { value }) };
    });
  }

  /** The variables as an object: reading decodes, assigning encodes, an unknown name throws at assignment. */
  toObject(): Record<string, BtfValue> {
    return new Proxy(Object.create(null), {
      get: (_, name) => (typeof name === "string" ? this.get(name) : undefined),
      set: (_, name, value) => {
        this.set(String(name), value);
        return true;
      },
      has: (_, name) => this.has(String(name)),
      ownKeys: () => this.names(),
      deleteProperty: () => false,
      defineProperty: () => false,
      getOwnPropertyDescriptor: (_, name) =>
        this.has(String(name))
          ? { value: this.get(String(name)), writable: true, enumerable: true, configurable: true }
          : undefined,
    });
  }

  #find(name: string): Variable | undefined {
    const variable = this.#all.get(name);
    return variable && this.#btf.resolve(variable.type).kind !== "ptr" ? variable : undefined;
  }

  #view(variable: Variable): DataView {
    const bytes = variable.memory.read(variable.offset, this.#btf.sizeOf(variable.type));
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #part(variable: Variable, members: string[], path: string): { type: number; offset: number } {
    let part = { type: variable.type, offset: 0 };
    for (const name of members) {
      const struct = this.#btf.resolve(part.type);
      const member = struct.members.find((one) => one.name === name && one.bitSize === 0);
      if (!member)
        throw new ScxError("ERR_SCX_VALUE", {
          op: "set",
          message: `${path}: ${this.#btf.describe(part.type)} has no settable member "${name}".`,
          remedy:
            struct.members.length > 0 ? `It has ${struct.members.map((one) => one.name).join(", ")}.` : "Set it whole.",
        });
      part = { type: member.type, offset: part.offset + member.bitOffset / 8 };
    }
    return part;
  }

  #unknown(name: string): ScxError {
    const names = this.names();
    return new ScxError(this.#what.unknown, {
      op: "set",
      message: `The object has no ${this.#what.noun} "${name}".`,
      remedy: names.length > 0 ? `It has ${names.sort().join(", ")}.` : `It has none at all.`,
    });
  }
}

/** What damaged BTF leads to, a member outside its struct or a type within itself, is a RangeError. */
function whole<T>(name: string, access: () => T): T {
  try {
    return access();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ScxError("ERR_SCX_NOT_BPF_OBJECT", {
      op: "access",
      message: `The type of ${name} contradicts itself: the object's BTF is damaged.`,
      remedy: "Build the object again with clang -g -target bpf.",
      cause,
    });
  }
}

function deepFreeze(value: BtfValue): BtfValue {
  if (typeof value === "object") {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
