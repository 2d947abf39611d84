// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { schedExt } from "../kernel/sched_ext.js";
import { watchSchedExt } from "../kernel/watch.js";
import type { SampleProvider } from "../protocol/target.js";
import type { SampledScheduler } from "../sampler/all_stats.js";
import { Sampler } from "../sampler/sampler.js";
import type { Running } from "../sampler/values.js";
import { type RunningScheduler, rootScheduler, runningScheduler } from "../source/running.js";
import type { StatsMap } from "../source/stats_map.js";
import { wallClock } from "../wall_clock.js";
import { notRunning, type Watched, type WatchedListener } from "./watched.js";

const log = logger("agent");

/** How long a scheduler that is enabled is looked for, in ms, before it is taken for one that isn't meant. */
const vainMs = 10_000;

export interface RunningOptions {
  /** Its name; the one of the whole machine unless given, whatever runs below it. */
  readonly name: string | undefined;
  readonly statsMap: StatsMap | undefined;
  readonly intervalMs: number;
}

/** Schedulers that others load: whichever runs is watched, and the next one when it has left. */
export class RunningSchedulers implements Watched {
  readonly ended = new Promise<undefined>(() => {});
  readonly #options: RunningOptions;
  readonly #listener: WatchedListener;
  readonly #watch: { close(): void };
  #intervalMs: number;
  #current: { scheduler: RunningScheduler; sampler: Sampler; listening: Disposable } | undefined;
  /** Whom we have watched, or couldn't read, last: so that one that has left isn't taken for the next. */
  #seen: bigint | undefined;
  /** Since when none was found though one is enabled, by process time. */
  #vain: { readonly seq: bigint; readonly since: number } | undefined;
  #closed = false;

  /** @throws ScxError ERR_SCX_NO_SCHED_EXT, ERR_SCX_PRIVILEGE */
  constructor(options: RunningOptions, listener: WatchedListener) {
    this.#options = options;
    this.#intervalMs = options.intervalMs;
    this.#listener = listener;
    this.#look(true);
    this.#watch = watchSchedExt(() => this.#look(false), 1000);
  }

  /** What is sampled now; nothing between two schedulers. */
  get sampler(): SampleProvider & SampledScheduler {
    return this.#current?.sampler ?? nothing;
  }

  running(): Running {
    if (!this.#current) return { ...notRunning, state: schedExt.state() };
    const { name, stats } = this.#current.scheduler;
    return { scheduler: name, state: stats.state(), epoch: stats.epoch };
  }

  up(): boolean {
    return this.#current !== undefined;
  }

  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#current?.sampler.setInterval(intervalMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    this.#leave();
  }

  #look(first: boolean): void {
    if (this.#current || this.#closed || (!first && schedExt.state() !== "enabled")) return;
    const seq = schedExt.enableSeq();
    if (seq === this.#seen) return;
    try {
      const { name, statsMap } = this.#options;
      const scheduler = name === undefined ? rootScheduler({ statsMap }) : runningScheduler(name, { statsMap });
      this.#seen = seq;
      this.#follow(scheduler);
    } catch (error) {
      const waits = error instanceof ScxError && error.code === "ERR_SCX_NOT_RUNNING";
      if (first && !waits) throw error;
      if (waits) {
        // While one is enabled too: the kernel says so, and counts it, before its link can be found. The next look may find it.
        if (first) log.info(`${causeOf(error)} It is waited for.`);
        if (this.#vain?.seq !== seq) this.#vain = { seq, since: performance.now() };
        else if (performance.now() - this.#vain.since > vainMs) this.#seen = seq;
        return;
      }
      log.warn(`the scheduler that runs can't be read: ${causeOf(error)}`);
      if (schedExt.state() === "enabled") this.#seen = seq;
    }
  }

  #follow(scheduler: RunningScheduler): void {
    log.info(`watching ${scheduler.name}`);
    const sampler = new Sampler(scheduler.stats, { intervalMs: this.#intervalMs });
    const listening = sampler.listen({
      // What it counted before we came is no news; nobody knows since when it counts.
      sample: (sample) => this.#listener.sample(sampler.schemaOf(sample), sample, undefined),
      missed: (ticks) => this.#listener.missed(ticks),
      error: (error) => this.#listener.error(error),
      end: () => {
        if (this.#current?.sampler !== sampler) return; // it is we who leave
        log.info(`${scheduler.name} has left`);
        this.#leave();
        this.#listener.away(scheduler.name);
        this.#look(false);
      },
    });
    this.#current = { scheduler, sampler, listening };
  }

  #leave(): void {
    const current = this.#current;
    this.#current = undefined;
    current?.listening[Symbol.dispose]();
    current?.scheduler.close();
  }
}

const schema = { name: "none", stats: [] };
const nothing: SampleProvider & SampledScheduler = {
  scheduler: "",
  schema,
  totals: () => ({ at: wallClock(), interval: 0n, ...notRunning, stats: {} }),
  consumer: () => ({ read: nothing.totals, close: () => {} }),
};
