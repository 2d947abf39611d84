// SPDX-License-Identifier: MIT
import { ScxError, type ScxErrorCode } from "../error.js";
import type { Btf, BtfMember, BtfType } from "./btf.js";
import { type FlagNames, flagsText, flagsValue } from "./ops_flags.js";
import { asList, type BtfValue, decode, encode, encodeMember, findMember, memberNames } from "./value.js";

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
  /** Names of its bits. */
  readonly flags?: () => FlagNames;
  /**
   * Of the last variable of a section: makes room for so many bytes from the section's begin on; before load only. So an
   * array can be given another length (upstream's RESIZABLE_ARRAY has each in a section of its own).
   */
  readonly makeRoom?: (bytes: number) => void;
}

/** More than any array that a scheduler's loader would size by the machine. */
const largestSection = 256 * 1024 * 1024;

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
  /** Of the ops' flags: the names of those that are set; bits without one come last, as a hexadecimal number. */
  readonly names?: readonly string[];
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
  readonly #resized = new Set<string>();
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
   * Sets a variable, or a part of one (`config.limits[1].low`). Nothing is written unless the whole value fits. More
   * elements than a resizable array has make it longer.
   * @throws ScxError the unknown-name code, or ERR_SCX_VALUE
   */
  set(path: string, value: unknown): void {
    const { name, steps } = this.#all.has(path) ? { name: path, steps: [] } : parsePath(path);
    if (steps.length === 0) this.#grow(name, value);
    const variable = this.#find(name);
    if (!variable) throw this.#unknown(name);
    const view = this.#view(variable);
    whole(name, () => {
      const given = variable.flags && steps.length === 0 ? flagsValue(value, variable.flags()) : value;
      const part = this.#part(variable, steps, path);
      encodeMember(this.#btf, part, given, view, 0, path);
    });
    variable.memory.write(variable.offset, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }

  /**
   * Gives an array another length, before load: one that is the last of its section, as those are that upstream's
   * RESIZABLE_ARRAY makes.
   * @throws ScxError the unknown-name code, or ERR_SCX_VALUE
   */
  resize(name: string, length: number): void {
    const variable = this.#find(name);
    if (!variable) throw this.#unknown(name);
    const array = this.#btf.resolve(variable.type);
    const step = array.kind === "array" ? this.#btf.sizeOf(array.type) : 0;
    if (!variable.makeRoom || step === 0) {
      const others = [...this.#all.values()].filter((one) => this.#isResizable(one)).map((one) => one.name);
      throw new ScxError("ERR_SCX_VALUE", {
        op: "set",
        message: `${name} can't be resized: it is no array at the end of a section.`,
        remedy:
          others.length > 0 ? `These can: ${others.join(", ")}.` : "Declare it in a section of its own: .data.NAME.",
      });
    }
    const most = Math.floor((largestSection - variable.offset) / step);
    if (!Number.isInteger(length) || length < 1 || length > most)
      throw new ScxError("ERR_SCX_VALUE", {
        op: "set",
        message: `${name} can't have ${length} elements.`,
        remedy: `Give a number from 1 to ${most}.`,
      });
    variable.makeRoom(variable.offset + length * step);
    this.#resized.add(name);
    this.#all.set(name, { ...variable, type: this.#btf.arrayOf(array.type, length) });
  }

  /**
   * Arrays of one element, alone in a section of their name, that were given no length: their authors leave it to the loader
   * (upstream's RESIZABLE_ARRAY).
   */
  unsized(): string[] {
    return [...this.#all.values()]
      .filter(({ name, section, offset }) => offset === 0 && section.endsWith(`.${name}`) && !this.#resized.has(name))
      .filter((one) => this.#isResizable(one) && this.#btf.resolve(one.type).length === 1)
      .map(({ name }) => name);
  }

  #isResizable(variable: Variable): boolean {
    const array = this.#btf.resolve(variable.type);
    return variable.makeRoom !== undefined && array.kind === "array" && this.#btf.sizeOf(array.type) > 0;
  }

  /** Resizes an array when that is what makes the value fit. Not a text's: it would lose its limit. */
  #grow(name: string, value: unknown): void {
    const variable = this.#find(name);
    if (!variable || !this.#isResizable(variable)) return;
    const array = this.#btf.resolve(variable.type);
    if (this.#btf.resolve(array.type).name === "char") return;
    const list = asList(value, variable.name);
    if (!list || list.length <= array.length) return;
    const size = list.length * this.#btf.sizeOf(array.type);
    if (size <= largestSection) {
      const type = this.#btf.arrayOf(array.type, list.length);
      whole(variable.name, () => encode(this.#btf, type, list, new DataView(new ArrayBuffer(size)), 0, variable.name));
    }
    this.resize(variable.name, list.length);
  }

  /** All of them, pointers too, as plain data. */
  describe(): VariableDescription[] {
    return [...this.#all.values()].map((variable) => {
      const { name, section, flags } = variable;
      const size = this.#btf.sizeOf(variable.type);
      const value = size <= longestValue ? this.get(name) : undefined;
      const number = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value));
      const names = flags && number ? flagsText(BigInt.asUintN(64, BigInt(value)), flags()) : [];
      return {
        name,
        section,
        type: this.#btf.describe(variable.type),
        size,
        ...(value !== undefined && { value }),
        ...(names.length > 0 && { names }),
      };
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

  /** Where in the variable the part is, as if it were a struct's member. */
  #part(variable: Variable, steps: readonly Step[], path: string): BtfMember {
    let part: BtfMember = { name: variable.name, type: variable.type, bitOffset: 0, bitSize: 0 };
    for (const step of steps) {
      const type = this.#btf.resolve(part.type);
      const inner = typeof step === "number" ? this.#element(type, step) : findMember(this.#btf, type, step);
      if (!inner)
        throw new ScxError("ERR_SCX_VALUE", {
          op: "set",
          message: `${path}: ${this.#btf.describe(part.type)} has no ${typeof step === "number" ? `element ${step}` : `member "${step}"`}.`,
          remedy: this.#partsOf(type),
        });
      part = { ...inner, bitOffset: part.bitOffset + inner.bitOffset };
    }
    return part;
  }

  #element(array: BtfType, index: number): BtfMember | undefined {
    if (array.kind !== "array" || index >= array.length) return undefined;
    return { name: "", type: array.type, bitOffset: index * this.#btf.sizeOf(array.type) * 8, bitSize: 0 };
  }

  #partsOf(type: BtfType): string {
    if (type.kind === "array") return `It has [0] to [${type.length - 1}].`;
    return type.members.length > 0 ? `It has ${memberNames(this.#btf, type).join(", ")}.` : "Set it whole.";
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

/** A member's name, or an element's index. */
type Step = string | number;

/** Takes `config.limits[1].low` apart; what can't be is a name that nothing has. */
function parsePath(path: string): { name: string; steps: Step[] } {
  const [, name = path, rest = ""] = /^([^.[\]]*)((?:\.[^.[\]]+|\[\d+\])*)$/.exec(path) ?? [];
  const steps = [...rest.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map(([, member, index]) => member ?? Number(index));
  return { name, steps };
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
