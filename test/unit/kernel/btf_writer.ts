// SPDX-License-Identifier: MIT

/** BTF as bytes, written type by type (include/uapi/linux/btf.h). */
export class Writer {
  readonly #types: number[] = [];
  readonly #base: number;
  #strings: string;
  #last = 0;

  /** @param base bytes of the strings of the BTF that this one builds on: a module's has the kernel's before its own */
  constructor(base = 0) {
    this.#base = base;
    this.#strings = base === 0 ? "\0" : "";
  }

  /** Bytes of the strings so far. */
  get size(): number {
    return this.#strings.length;
  }

  add(name: string, kind: number, vlen: number, sizeOrType: number, ...rest: (number | string)[]): number {
    const words = rest.map((word) => (typeof word === "string" ? this.#text(word) : word));
    this.#types.push(this.#text(name), (kind << 24) | vlen, sizeOrType, ...words);
    return ++this.#last;
  }

  #text(text: string): number {
    if (text === "") return 0;
    this.#strings += `${text}\0`;
    return this.#base + this.#strings.length - text.length - 1;
  }

  bytes(): Uint8Array {
    const length = this.#types.length * 4;
    const words = [0x0001_eb9f, 24, 0, length, length, this.#strings.length, ...this.#types];
    const head = Buffer.from(Uint32Array.from(words, (word) => word >>> 0).buffer);
    return Buffer.concat([head, Buffer.from(this.#strings, "latin1")]);
  }
}
