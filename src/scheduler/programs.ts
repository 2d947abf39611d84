// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { NativeObject, NativeProgram, ObjectProgram } from "../native/index.js";

/** A loaded object's SEC("syscall") programs, each opened when it is first run. */
export class SyscallPrograms {
  readonly #native: NativeObject;
  readonly #opened = new Map<string, NativeProgram>();

  constructor(native: NativeObject) {
    this.#native = native;
  }

  /**
   * Runs one once.
   * @param context its context, which it may change in place
   * @returns what it returned, as the kernel's u32
   * @throws ScxError ERR_SCX_USAGE when there is no such program, ERR_SCX_LOAD when the kernel won't run it
   */
  run(name: string, context: Uint8Array): number {
    const program = this.#opened.get(name) ?? this.#open(name);
    try {
      return program.run(context);
    } catch (cause) {
      const { message, errno } = cause as { message: string; errno?: number };
      throw new ScxError("ERR_SCX_LOAD", {
        op: "run",
        message: `Program ${name} can't be run: ${message}.`,
        remedy: "Check the size of its context.",
        errno,
        cause,
      });
    }
  }

  close(): void {
    for (const program of this.#opened.values()) program.close();
    this.#opened.clear();
  }

  #open(name: string): NativeProgram {
    const all = this.#native.programs();
    const isLoaded = (one: ObjectProgram) => one.section.startsWith("syscall") && one.autoload;
    const index = all.findIndex((one) => one.name === name && isLoaded(one));
    if (index < 0) {
      const names = all.filter(isLoaded).map((one) => one.name);
      throw new ScxError("ERR_SCX_USAGE", {
        op: "run",
        message: `The object has no syscall program "${name}", or it was not loaded.`,
        remedy: `It has ${names.join(", ") || "none at all"}.`,
      });
    }
    const program = this.#native.program(index);
    this.#opened.set(name, program);
    return program;
  }
}
