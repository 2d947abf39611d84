// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, type ScxError } from "../error.js";

const log = logger("sampler");

/** Keys of which something isn't counted: said in the log once, when there are any for the first time, and to who asks. */
export class Loss {
  readonly #describe: (keys: number) => ScxError;
  #keys = 0;
  #isTold = false;

  constructor(describe: (keys: number) => ScxError) {
    this.#describe = describe;
  }

  /** How many they are now. */
  set keys(keys: number) {
    this.#keys = keys;
    if (keys === 0 || this.#isTold) return;
    this.#isTold = true;
    log.warn(causeOf(this.#describe(keys)));
  }

  get keys(): number {
    return this.#keys;
  }

  /** Nothing, or one. */
  get problems(): readonly ScxError[] {
    return this.#keys === 0 ? [] : [this.#describe(this.#keys)];
  }
}

/** For people. */
export const keysText = (count: number): string => `${count} ${count === 1 ? "key" : "keys"}`;
