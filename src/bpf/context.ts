// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { Btf, BtfType } from "./btf.js";
import { type BtfValue, decode, encode } from "./value.js";

/**
 * The struct that a program is given, by the type of its one parameter; undefined when that is no pointer to a struct.
 * @param program its name, which is that of its function
 */
export function contextStruct(btf: Btf, program: string): BtfType | undefined {
  const declared = btf.find("func", program);
  const parameter = declared && btf.type(declared.type).parameters[0];
  if (!parameter) return undefined;
  const pointer = btf.resolve(parameter.type);
  if (pointer.kind !== "ptr") return undefined;
  const struct = btf.resolve(pointer.type);
  return (struct.kind === "struct" || struct.kind === "union") && struct.size > 0 ? struct : undefined;
}

/** A program's context as it is in memory, and back. */
export class Context {
  readonly bytes: Uint8Array;
  readonly #btf: Btf;
  readonly #type: BtfType;
  readonly #view: DataView;

  /**
   * Members that `value` doesn't name are zero.
   * @throws ScxError ERR_SCX_USAGE when the program has no context of a known type, ERR_SCX_VALUE
   */
  constructor(btf: Btf, program: string, value: object) {
    const type = contextStruct(btf, program);
    if (!type)
      throw new ScxError("ERR_SCX_USAGE", {
        op: "run",
        message: `BTF doesn't say what struct program ${program} is given.`,
        remedy: "Give its context as bytes (a Uint8Array), or declare it with a pointer to a struct as its parameter.",
      });
    this.bytes = new Uint8Array(type.size);
    this.#btf = btf;
    this.#type = type;
    this.#view = new DataView(this.bytes.buffer);
    encode(btf, type.id, value, this.#view, 0, program);
  }

  /** What stands there now. */
  value(): { [member: string]: BtfValue } {
    return decode(this.#btf, this.#type.id, this.#view) as { [member: string]: BtfValue };
  }
}
