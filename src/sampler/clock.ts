// SPDX-License-Identifier: MIT
import { type NativeTicker, native } from "../native/index.js";

/**
 * Ticks at start + n * interval of the monotonic clock: a late tick doesn't shift the ones after it, and ticks that were
 * slept through are counted, not made up for.
 */
export class Clock {
  /** Ticks that never came because the process was kept from running. */
  missed = 0;
  /** How late the last tick came, in ms. */
  lateness = 0;
  #interval: number;
  readonly #tick: () => void;
  #ticker: NativeTicker | undefined;

  /** @param intervalMs ms between ticks, over 0 */
  constructor(intervalMs: number, tick: () => void) {
    this.#interval = intervalMs;
    this.#tick = tick;
  }

  /** Starts ticking; the first tick comes after one interval. Idempotent. */
  start(): void {
    this.#ticker ??= new native.Ticker(this.#interval, (ticks, lateMs) => {
      this.missed += ticks - 1;
      this.lateness = lateMs;
      this.#tick();
    });
  }

  /** Another interval; while it ticks, the next tick comes after one of that length. */
  setInterval(intervalMs: number): void {
    this.#interval = intervalMs;
    if (!this.#ticker) return;
    this.stop();
    this.start();
  }

  /** Stops ticking; idempotent. */
  stop(): void {
    this.#ticker?.close();
    this.#ticker = undefined;
  }
}
