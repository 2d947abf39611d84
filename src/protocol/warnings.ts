// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";

const log = logger("protocol");

/** A text that is never the same need not be said each second, nor the same of each of a thousand keys. */
const mostSaid = 20;

/** Warnings of a peer, each said once; again only at level `debug`. */
export class Warnings {
  readonly #said = new Set<string>();

  warn(text: string): void {
    const told = this.#said.has(text) || this.#said.size >= mostSaid;
    log[told ? "debug" : "warn"](text);
    if (!told) this.#said.add(text);
  }

  /** They may be said anew. Whether there were any. */
  clear(): boolean {
    const any = this.#said.size > 0;
    this.#said.clear();
    return any;
  }
}
