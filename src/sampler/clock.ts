// SPDX-License-Identifier: MIT

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
  #start = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param intervalMs ms between ticks, over 0 */
  constructor(intervalMs: number, tick: () => void) {
    this.#interval = intervalMs;
    this.#tick = tick;
  }

  /** Starts ticking; the first tick comes after one interval. Idempotent. */
  start(): void {
    if (this.#timer) return;
    this.#start = performance.now();
    this.#ticks = 0;
    this.#arm();
  }

  /** Another interval; while it ticks, the next tick comes after one of that length. */
  setInterval(intervalMs: number): void {
    this.#interval = intervalMs;
    if (!this.#timer) return;
    this.stop();
    this.start();
  }

  /** Stops ticking; idempotent. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const due = this.#start + (this.#ticks + 1) * this.#interval;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, due - performance.now()));
  }

  #fire(): void {
    const passed = performance.now() - this.#start;
    const now = Math.floor(passed / this.#interval);
    // A timer may fire a hair early: it is this tick all the same.
    const ticks = Math.max(now, this.#ticks + 1);
    this.lateness = Math.max(0, passed - ticks * this.#interval);
    this.missed += ticks - this.#ticks - 1;
    this.#ticks = ticks;
    this.#arm();
    this.#tick();
  }
}
