// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { Sampler } from "../sampler/sampler.js";
import type { Running } from "../sampler/values.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { RestartOptions } from "../scheduler/restart.js";
import { type RunEnd, type Supervisor, superviseScheduler } from "../scheduler/supervise.js";
import { checkStatsMap } from "../source/stats_map.js";
import type { Control } from "./actuator.js";
import type { ObjectSettings } from "./config.js";
import { openObject } from "./opening.js";
import { notRunning, type Watched, type WatchedListener } from "./watched.js";

const log = logger("agent");

export interface OwnOptions {
  readonly object: ObjectSettings;
  readonly fallbacks: readonly ObjectSettings[];
  readonly restart: RestartOptions | undefined;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

/** A scheduler that the agent runs and looks after. */
export class OwnScheduler implements Watched, Control {
  readonly ended: Promise<RunEnd>;
  readonly #options: OwnOptions;
  readonly #listener: WatchedListener;
  /** Globals that were written since the start, for restarts; of the object that runs. */
  readonly #written = new Map<string, unknown>();
  #object: ObjectSettings;
  #intervalMs: number;
  #supervisor: Supervisor | undefined;
  #sampler: Sampler | undefined;
  /** Resolves when its sampler has given its last sample. */
  #drained: Promise<void> = Promise.resolve();
  /** The one that was stopped to make room for another: its end is not ours. */
  #replaced: Supervisor | undefined;
  #switching = false;
  #closed = false;
  #running: Running = notRunning;
  /** Exits whose last sample hasn't come yet. */
  readonly #exits: { exit: ExitRecord; epoch: number }[] = [];
  #end: (end: RunEnd) => void = () => {};

  private constructor(options: OwnOptions, listener: WatchedListener) {
    this.#options = options;
    this.#object = options.object;
    this.#intervalMs = options.intervalMs;
    this.#listener = listener;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves when it is attached. @throws what {@link superviseScheduler} throws */
  static async start(options: OwnOptions, listener: WatchedListener): Promise<OwnScheduler> {
    const own = new OwnScheduler(options, listener);
    await own.#start(options.object);
    return own;
  }

  /** Its sampler; another one after a switch. */
  get sampler(): Sampler {
    return this.#sampler as Sampler;
  }

  get scheduler(): string | undefined {
    return this.#supervisor?.scheduler?.name;
  }

  get control(): Control {
    return this;
  }

  running(): Running {
    return { ...this.#running, state: this.#supervisor?.stats.state() ?? "disabled" };
  }

  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#sampler?.setInterval(intervalMs);
  }

  setGlobal(name: string, value: unknown): void {
    const globals = this.#supervisor?.globals;
    if (!globals)
      throw new ScxError("ERR_SCX_NOT_RUNNING", {
        op: "set",
        message: "No scheduler runs whose globals could be written.",
        remedy: "Try again when it has been started.",
      });
    (globals as Record<string, unknown>)[name] = value;
    this.#written.set(name, value);
  }

  async switchTo(object: ObjectSettings): Promise<void> {
    if (this.#closed || this.#switching) return;
    this.#switching = true;
    try {
      (await openObject(object, new Map(), this.#options.signal)).close(); // before anything is given up for it
      const before = this.#object;
      this.#replaced = this.#supervisor;
      await this.#stop();
      this.#written.clear();
      if (!this.#closed) await this.#startOr(object, before);
    } finally {
      this.#switching = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    await this.#supervisor?.stop();
    await this.#drained;
  }

  async #startOr(object: ObjectSettings, before: ObjectSettings): Promise<void> {
    try {
      await this.#start(object);
    } catch (error) {
      log.error(`${object.object} can't be started, ${before.object} goes on: ${causeOf(error)}`);
      await this.#start(before).catch((again: unknown) => {
        this.#end({ exit: undefined, error: again, waiting: false });
      });
      throw error;
    }
  }

  async #start(object: ObjectSettings): Promise<void> {
    const { fallbacks, restart, signal } = this.#options;
    const supervisor = await superviseScheduler({
      open: (aborted) => openObject(object, this.#written, aborted),
      fallbacks: fallbacks.map((one) => (aborted) => openObject(one, new Map(), aborted)),
      ...(restart && { restart }),
      statsMap: object.statsMap && checkStatsMap(object.statsMap),
      loaded: (stats) => {
        this.#sampler = new Sampler(stats, { intervalMs: this.#intervalMs });
        this.#drained = this.#listen(this.#sampler);
      },
      exited: (exit, epoch) => this.#exits.push({ exit, epoch }),
      signal,
    });
    this.#supervisor = supervisor;
    this.#object = object;
    void supervisor.ended.then(async (end) => {
      await this.#drained;
      this.#tellExits(Number.POSITIVE_INFINITY);
      if (supervisor !== this.#replaced) this.#end(end);
    });
  }

  /** Resolves when there is no sample any more. */
  #listen(sampler: Sampler): Promise<void> {
    let since: bigint | undefined;
    return new Promise((resolve) => {
      sampler.listen({
        sample: (sample) => {
          since ??= sample.at - sample.interval; // the first one's counts from attach
          this.#running = { scheduler: sample.scheduler, state: sample.state, epoch: sample.epoch };
          this.#tellExits(sample.epoch);
          this.#listener.sample(sampler.schemaOf(sample), sample, since);
          if (sample.state === "disabled") this.#tellExits(sample.epoch + 1);
        },
        missed: (ticks) => this.#listener.missed(ticks),
        end: resolve,
        error: (error) => {
          this.#listener.error(error);
          resolve();
        },
      });
    });
  }

  /** Those of the epochs before this one: a last sample comes first. */
  #tellExits(epoch: number): void {
    while ((this.#exits[0]?.epoch ?? epoch) < epoch) {
      const { exit } = this.#exits.shift() as { exit: ExitRecord };
      this.#listener.exit(exit);
    }
  }
}
