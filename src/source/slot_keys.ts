// SPDX-License-Identifier: MIT
import type { KeyFormat } from "./key.js";

/** The texts of the slots' keys, made once for as long as a key has its slot. */
export class SlotKeys {
  readonly #bytes: Uint8Array;
  readonly #states: Uint8Array;
  readonly #size: number;
  readonly #format: KeyFormat;
  readonly #known = new Map<number, { bytes: string; text: string }>();

  constructor(bytes: Uint8Array, states: Uint8Array, size: number, format: KeyFormat) {
    this.#bytes = bytes;
    this.#states = states;
    this.#size = size;
    this.#format = format;
  }

  list(gone: boolean): { slot: number; key: string }[] {
    const list: { slot: number; key: string }[] = [];
    const add = (slot: number) => list.push({ slot, key: this.#textOf(slot) });
    if (gone) {
      for (let slot = this.#states.indexOf(2); slot >= 0; slot = this.#states.indexOf(2, slot + 1)) add(slot);
    } else
      this.#states.forEach((state, slot) => {
        if (state !== 0) add(slot);
      });
    return list;
  }

  #textOf(slot: number): string {
    const key = this.#bytes.subarray(slot * this.#size, (slot + 1) * this.#size);
    const bytes = Buffer.from(key).toString("latin1");
    const known = this.#known.get(slot);
    if (known?.bytes === bytes) return known.text;
    const text = this.#format.text(key.slice());
    this.#known.set(slot, { bytes, text });
    return text;
  }
}
