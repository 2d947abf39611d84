// SPDX-License-Identifier: MIT

import { Tracker } from "../counters/tracker.js";
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import { followStats } from "../protocol/follow.js";
import type { Running } from "../sampler/values.js";
import type { StatsSchema } from "../stats/schema.js";
import { notRunning, type Watched, type WatchedListener } from "./watched.js";

const log = logger("agent");

export interface SocketOptions {
  readonly path: string;
  readonly target: string | undefined;
  readonly intervalMs: number;
}

/** A scheduler that serves its statistics over an scx_stats socket, ours or upstream's; waited for when it isn't there. */
export class SocketScheduler implements Watched {
  readonly ended = new Promise<undefined>(() => {});
  readonly #options: SocketOptions;
  readonly #listener: WatchedListener;
  readonly #tracker = new Tracker();
  #following = new AbortController();
  #running: Running = notRunning;
  #schema: StatsSchema | undefined;
  /** When the last sample came, ns since 1970. */
  #at: bigint | undefined;

  constructor(options: SocketOptions, listener: WatchedListener) {
    this.#options = options;
    this.#listener = listener;
    this.setInterval(options.intervalMs);
  }

  running(): Running {
    return this.#running;
  }

  setInterval(intervalMs: number): void {
    this.#following.abort();
    this.#following = new AbortController();
    void this.#follow(intervalMs, this.#following.signal);
  }

  async close(): Promise<void> {
    this.#following.abort();
  }

  /** The same as before, where a server that has come back describes the same: then its totals go on. */
  #known(schema: StatsSchema): StatsSchema {
    if (this.#schema !== schema && JSON.stringify(this.#schema) !== JSON.stringify(schema)) this.#schema = schema;
    return this.#schema as StatsSchema;
  }

  async #follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { path, target } = this.#options;
    const { epoch } = this.#running; // a connection at another interval is no restart
    try {
      for await (const { at, connection, values, schema: described } of followStats({
        path,
        intervalMs,
        target,
        signal,
      })) {
        if (!described) continue; // its metadata don't describe it, which has been said
        const schema = this.#known(described);
        const interval = at - (this.#at ?? at);
        this.#at = at;
        // Which scheduler it is, only its struct's name tells.
        this.#running = { scheduler: schema.name, state: "enabled", epoch: epoch + connection - 1 };
        const stats = this.#tracker.read(schema, values as Record<string, unknown>);
        this.#listener.sample(schema, { at, interval, ...this.#running, stats }, undefined);
      }
    } catch (error) {
      log.error(`${path} is given up: ${causeOf(error)}`);
      this.#listener.error(error);
    }
  }
}
