// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";

const log = logger("sink");

/**
 * What is made of files that others renew while we run: certificates, tokens that last an hour. Made anew when one of them has
 * changed; as long as that can't be done, the last one goes on.
 */
export class Fresh<T> {
  readonly #paths: readonly string[];
  readonly #make: () => T;
  #made: T;
  #seen: string;

  /** @throws what `make` does, which reads the files */
  constructor(paths: readonly string[], make: () => T) {
    this.#paths = paths;
    this.#make = make;
    this.#seen = this.#state();
    this.#made = make();
  }

  get value(): T {
    const state = this.#state();
    if (state === this.#seen) return this.#made;
    this.#seen = state; // what can't be used is said once
    try {
      this.#made = this.#make();
      log.info(`${this.#paths.join(", ")} read again`);
    } catch (error) {
      log.warn(`the former content goes on: ${causeOf(error)}`);
    }
    return this.#made;
  }

  /** Another one for files that are other ones. */
  #state(): string {
    return this.#paths
      .map((path) => {
        try {
          const { ino, size, mtimeMs } = statSync(path);
          return `${ino} ${size} ${mtimeMs}`;
        } catch (error) {
          return String((error as NodeJS.ErrnoException).code); // why, `make` will say
        }
      })
      .join();
  }
}
