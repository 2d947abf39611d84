// SPDX-License-Identifier: MIT

/** A line longer than allowed was met; what follows it can't be told apart any more. */
export const overlong = Symbol("overlong");

const nothing: Buffer = Buffer.alloc(0);
const newline = 10;

/**
 * Cuts a stream of bytes into lines. Holds what was pushed and not asked for yet, and at most one unfinished line, which
 * costs no more when it comes byte by byte.
 */
export class LineSplitter {
  readonly #limit: number;
  /** The bytes still to be searched: from #at on. */
  #chunk = nothing;
  #at = 0;
  /** The unfinished line: the first #length bytes. */
  #partial = nothing;
  #length = 0;

  /** @param limit longest line in bytes, its newline not counted. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunk = this.#at === this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** The next whole line without its newline, or undefined when there is none yet. Valid until the next call. */
  next(): Buffer | typeof overlong | undefined {
    if (this.#at === this.#chunk.length) return undefined;
    const end = this.#chunk.indexOf(newline, this.#at);
    const piece = this.#chunk.subarray(this.#at, end === -1 ? undefined : end);
    if (this.#length + piece.length > this.#limit) return overlong;
    if (end === -1) {
      this.#keep(piece);
      return undefined;
    }
    this.#at = end + 1;
    if (this.#at === this.#chunk.length) this.#release();
    return this.#length === 0 ? piece : Buffer.concat([this.#take(), piece]);
  }

  /** Whether a line has begun that isn't whole, once {@link next} has given all others. */
  get partial(): boolean {
    return this.#length > 0;
  }

  /** What stands after the last newline once {@link next} has given all lines: at the end of the stream, a line too. */
  rest(): Buffer | undefined {
    return this.#length === 0 ? undefined : this.#take();
  }

  #keep(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(2 * this.#partial.length, this.#limit)));
      this.#partial.copy(grown, 0, 0, this.#length);
      this.#partial = grown;
    }
    piece.copy(this.#partial, this.#length);
    this.#length = length;
    this.#release();
  }

  #take(): Buffer {
    const line = this.#partial.subarray(0, this.#length);
    this.#partial = nothing;
    this.#length = 0;
    return line;
  }

  #release(): void {
    this.#chunk = nothing;
    this.#at = 0;
  }
}
