// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";

const log = logger("sampler");

/** Says how many ticks a sampler's clock has missed since it was said last: else a late sample would look like a busy one. */
export class MissedTicks {
  #told = 0;

  /** Before each sample. */
  look({ missed }: { readonly missed: number }): void {
    const ticks = missed - this.#told;
    this.#told = missed;
    if (ticks === 0) return;
    log.warn(
      `${ticks} ${ticks === 1 ? "tick" : "ticks"} missed, as this process was kept from running; the next sample is of all that time`,
    );
  }
}
