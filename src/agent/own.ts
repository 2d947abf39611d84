// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError, throwIfAborted } from "../error.js";
import { Sampler } from "../sampler/sampler.js";
import type { Running } from "../sampler/values.js";
import { LateExits } from "../scheduler/late_exits.js";
import type { RestartOptions } from "../scheduler/restart.js";
import { type RunEnd, type Supervisor, superviseScheduler } from "../scheduler/supervise.js";
import { checkStatsMap } from "../source/stats_map.js";
import type { Control } from "./actuator.js";
import type { ObjectSettings } from "./config.js";
import { openObject } from "./opening.js";
import { notRunning, type Watched, type WatchedListener } from "./watched.js";

const log = logger("agent");

/** What is run, and what becomes of it. */
export interface OwnPlan {
  readonly object: ObjectSettings;
  readonly fallbacks: readonly ObjectSettings[];
  readonly restart: RestartOptions | undefined;
}

export interface OwnOptions {
  readonly plan: OwnPlan;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Stops what would be in the way; called when the object is loaded. */
  readonly makeRoom: () => Promise<void>;
}

/** A scheduler that the agent runs and looks after. */
export class OwnScheduler implements Watched, Control {
  readonly ended: Promise<RunEnd>;
  readonly #listener: WatchedListener;
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;
  #plan: OwnPlan;
  /** Globals that were written since the start, for restarts; of the object that runs. */
  #written = new Map<string, unknown>();
  #intervalMs: number;
  #supervisor: Supervisor | undefined;
  #sampler: Sampler | undefined;
  /** Resolves when its sampler has given its last sample. */
  #drained: Promise<void> = Promise.resolve();
  /** Resolves when no other scheduler is about to take its place; undefined then. */
  #changing: Promise<void> | undefined;
  #running: Running = notRunning;
  readonly #exits: LateExits;
  #end: (end: RunEnd) => void = () => {};

  private constructor({ plan, intervalMs, signal }: OwnOptions, listener: WatchedListener) {
    this.#plan = plan;
    this.#intervalMs = intervalMs;
    this.#signal = AbortSignal.any([signal, this.#closing.signal]);
    this.#listener = listener;
    this.#exits = new LateExits((exit) => listener.exit(exit));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves when it is attached. @throws what {@link superviseScheduler} throws */
  static async start(options: OwnOptions, listener: WatchedListener): Promise<OwnScheduler> {
    const own = new OwnScheduler(options, listener);
    await own.#start(options.plan, own.#written, options.makeRoom);
    return own;
  }

  /** Its sampler, over all its schedulers. */
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

  up(): boolean {
    return this.running().state !== "disabled";
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
    if (this.#changing)
      throw new ScxError("ERR_SCX_BUSY", {
        op: "switch",
        message: "Another switch is under way.",
        remedy: "Try again when it is done.",
      });
    await this.#change({ ...this.#plan, object });
  }

  /**
   * Runs another one in its place, when no switch is under way any more. Totals go on as over a restart.
   * @throws what {@link start} throws; then the former one goes on, if it can
   */
  async use(plan: OwnPlan): Promise<void> {
    while (this.#changing) await this.#changing;
    await this.#change(plan);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#changing;
    await this.#supervisor?.stop();
    await this.#drained;
  }

  async #change(plan: OwnPlan): Promise<void> {
    throwIfAborted(this.#signal, "switch", "The run");
    const changed = this.#startOr(plan);
    const changing = changed.catch(() => {});
    this.#changing = changing;
    void changing.then(() => {
      this.#changing = undefined;
    });
    await changed;
  }

  /** The former one runs on until the other is loaded; and is started again when that can't be attached. */
  async #startOr(plan: OwnPlan): Promise<void> {
    const before = this.#supervisor as Supervisor;
    let gone = false;
    void before.ended.then(() => {
      gone = true;
    });
    try {
      await this.#start(plan, new Map());
    } catch (error) {
      if (!gone) throw error;
      if (!this.#signal.aborted) {
        log.error(`${plan.object.object} can't be started, ${this.#plan.object.object} goes on: ${causeOf(error)}`);
        await this.#start(this.#plan, this.#written).catch((again: unknown) => this.#giveUp(before, again));
      } else await this.#giveUp(before, error);
      throw error;
    }
  }

  /** Nothing goes on with the former one's run. */
  async #giveUp(before: Supervisor, error: unknown): Promise<void> {
    await before.stop();
    await this.#finish({ exit: undefined, error, waiting: false });
  }

  async #finish(end: RunEnd): Promise<void> {
    await this.#drained;
    this.#exits.end();
    this.#end(end);
  }

  async #start(plan: OwnPlan, written: Map<string, unknown>, makeRoom?: () => Promise<void>): Promise<void> {
    const { object, fallbacks, restart } = plan;
    const supervisor = await superviseScheduler({
      open: (aborted) => openObject(object, written, aborted),
      fallbacks: fallbacks.map((one) => (aborted) => openObject(one, new Map(), aborted)),
      ...(restart && { restart }),
      statsMap: object.statsMap && checkStatsMap(object.statsMap),
      after: this.#supervisor,
      loaded: async (stats) => {
        await makeRoom?.();
        if (!this.#sampler) this.#listen(new Sampler(stats, { intervalMs: this.#intervalMs })); // else it goes on
      },
      exited: (exit, epoch) => this.#exits.add(exit, epoch),
      signal: this.#signal,
    });
    this.#supervisor = supervisor;
    this.#plan = plan;
    this.#written = written;
    void supervisor.ended.then((end) => {
      if (supervisor === this.#supervisor && !this.#changing) return this.#finish(end);
      // Otherwise another takes its place.
    });
  }

  #listen(sampler: Sampler): void {
    let since: bigint | undefined;
    this.#sampler = sampler;
    this.#drained = new Promise((resolve) => {
      sampler.listen({
        sample: (sample) => {
          since ??= sample.at - sample.interval; // the first one's counts from attach
          this.#running = { scheduler: sample.scheduler, state: sample.state, epoch: sample.epoch };
          this.#exits.sample(sample, () => this.#listener.sample(sampler.schemaOf(sample), sample, since));
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
}
