// SPDX-License-Identifier: MIT
import type { Sample } from "../stats/schema.js";
import type { ExitRecord } from "./exit.js";

/** A scheduler's exit is known before its last sample has come, and told after it. */
export class LateExits {
  readonly #tell: (exit: ExitRecord) => void;
  readonly #exits: { exit: ExitRecord; epoch: number }[] = [];

  constructor(tell: (exit: ExitRecord) => void) {
    this.#tell = tell;
  }

  /** A scheduler has left. */
  add(exit: ExitRecord, epoch: number): void {
    this.#exits.push({ exit, epoch });
  }

  /** A sample has come. @param take does with it what is to be done, between the exits before it and its own */
  sample({ epoch, state }: Sample, take: () => void): void {
    this.#tellBefore(epoch);
    take();
    if (state === "disabled") this.#tellBefore(epoch + 1);
  }

  /** No sample comes any more. */
  end(): void {
    this.#tellBefore(Number.POSITIVE_INFINITY);
  }

  #tellBefore(epoch: number): void {
    while ((this.#exits[0]?.epoch ?? epoch) < epoch) {
      const { exit } = this.#exits.shift() as { exit: ExitRecord };
      this.#tell(exit);
    }
  }
}
