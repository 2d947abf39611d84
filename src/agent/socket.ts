// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import { logger } from "../diagnostics.js";
import { applyRules, type Rules } from "../export/rules.js";
import { ReadingSamples, stateHere } from "../protocol/samples.js";
import type { Running } from "../sampler/values.js";
import type { Watched, WatchedListener } from "./watched.js";

const log = logger("agent");

/** ms until a socket is tried again that answered what can't be used, or nothing to us. */
const retryMs = 5_000;

export interface SocketOptions {
  readonly path: string;
  readonly target: string | undefined;
  readonly rules: Rules | undefined;
  readonly intervalMs: number;
}

/** A scheduler that serves its statistics over an scx_stats socket, ours or upstream's; waited for when it isn't there. */
export class SocketScheduler implements Watched {
  readonly ended = new Promise<undefined>(() => {});
  readonly #options: SocketOptions;
  readonly #listener: WatchedListener;
  readonly #samples: ReadingSamples;
  #following = new AbortController();
  #running: Omit<Running, "state"> = { scheduler: "", epoch: 0 };

  constructor(options: SocketOptions, listener: WatchedListener) {
    this.#options = options;
    this.#listener = listener;
    const { rules } = options;
    this.#samples = new ReadingSamples({ change: rules && ((schema) => applyRules(rules, schema)) });
    this.setInterval(options.intervalMs);
  }

  running(): Running {
    return { ...this.#running, state: stateHere() };
  }

  up(): boolean {
    return this.#running.scheduler !== "";
  }

  setInterval(intervalMs: number): void {
    this.#following.abort();
    this.#following = new AbortController();
    void this.#follow(intervalMs, this.#following.signal);
  }

  async close(): Promise<void> {
    this.#following.abort();
  }

  async #follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { path, target } = this.#options;
    const away = () => {
      const { scheduler } = this.#running;
      this.#running = { ...this.#running, scheduler: "" };
      if (scheduler !== "") this.#listener.away(scheduler);
    };
    while (!signal.aborted) {
      try {
        for await (const { schema, sample } of this.#samples.follow({ path, intervalMs, target, away, signal })) {
          const before = this.#running.scheduler;
          this.#running = { scheduler: sample.scheduler, epoch: sample.epoch };
          if (before !== "" && before !== sample.scheduler) this.#listener.away(before); // within one interval
          this.#listener.sample(schema, sample, undefined);
        }
      } catch (error) {
        // Nothing that waiting mends; but somebody may, and an agent has time.
        away();
        this.#listener.error(error);
        log.info(`${path} is tried again every ${retryMs / 1000} s`);
        await sleep(retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }
}
