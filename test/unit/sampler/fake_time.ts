// SPDX-License-Identifier: MIT
import type { native } from "../../../src/native/index.js";

/** The addon's ticker by Node's own timers, which a test can turn forward. */
export class FakeTicker implements InstanceType<typeof native.Ticker> {
  readonly #interval: number;
  readonly #call: (ticks: number, lateMs: number) => void;
  readonly #start = performance.now();
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(interval: number, call: (ticks: number, lateMs: number) => void) {
    this.#interval = interval;
    this.#call = call;
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    const due = this.#start + (this.#ticks + 1) * this.#interval;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, due - performance.now()));
  }

  #fire(): void {
    const passed = performance.now() - this.#start;
    const ticks = Math.max(Math.floor(passed / this.#interval) - this.#ticks, 1);
    this.#ticks += ticks;
    this.#arm();
    this.#call(ticks, Math.max(0, passed - this.#ticks * this.#interval));
  }
}

/** The addon's clocks by Node's own, which a test can turn forward. */
export class FakeClocks implements InstanceType<typeof native.Clocks> {
  readonly read: () => void;

  constructor(times: BigUint64Array) {
    this.read = () => times.set([process.hrtime.bigint(), BigInt(Date.now()) * 1_000_000n]);
  }
}
