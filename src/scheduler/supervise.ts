// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from "node:timers/promises";
import type { BpfObject } from "../bpf/object.js";
import type { LoadedGlobals, ObjectTypes } from "../bpf/object_types.js";
import { logger } from "../diagnostics.js";
import { aborted, causeOf, ScxError, type ScxErrorCode, throwIfAborted } from "../error.js";
import { checkGiven } from "../given.js";
import { requireFree } from "../kernel/sched_ext.js";
import { settled } from "../kernel/settled.js";
import { RunStats } from "../source/run.js";
import type { StatsSource } from "../source/stats.js";
import type { StatsMap } from "../source/stats_map.js";
import type { ExitRecord } from "./exit.js";
import type { LoadedObject, LoadOptions } from "./loaded.js";
import { type Outcome, outcomeOf, type RestartOptions, RestartPlan } from "./restart.js";
import type { Scheduler } from "./scheduler.js";

const log = logger("scheduler");

/** Opens a scheduler and sets its globals and ops. It is not to be loaded yet. */
export type OpenScheduler = (signal: AbortSignal) => Promise<BpfObject>;

export interface SuperviseOptions {
  /** Gives the scheduler; called again for each restart, as each loads afresh. */
  open: OpenScheduler;
  /** What follows one that is given up, in this order. After the last comes the kernel's own. */
  fallbacks?: readonly OpenScheduler[];
  restart?: RestartOptions;
  /** Where the first one's statistics are, see {@link LoadOptions.statsMap}. */
  statsMap?: StatsMap | undefined;
  /**
   * Load all of them at the start, once, and attach them again at restarts: for a process that gives up its privileges. See
   * {@link LoadOptions.reattach} for what that asks of an object.
   */
  keepLoaded?: boolean;
  /**
   * Called once, when the first is loaded (all, with keepLoaded), no other scheduler runs and nothing is attached yet: the place
   * to open a socket, or to give up privileges. When it rejects, nothing is attached.
   */
  loaded?: (stats: StatsSource) => void | Promise<void>;
  /** Called when a scheduler has left. */
  exited?: (exit: ExitRecord, epoch: number) => void;
  /** Called when one could not be loaded or attached. */
  failed?: (error: unknown) => void;
  /**
   * The one whose place these take: it runs on until the first of them is loaded, so that one that can't be opened or loaded takes
   * nothing away, and is stopped then. Its run goes on: `stats` is the same, with the next epoch. Where none of them could be attached,
   * when it had left already, others may still go on with its run; its `stop` ends that.
   */
  after?: Supervisor | undefined;
  /** Stops everything. */
  signal?: AbortSignal;
}

/** How a supervised run ended. */
export interface RunEnd {
  /** The last exit there was. */
  readonly exit: ExitRecord | undefined;
  /** Why the last start failed, when that is how it ended. */
  readonly error: unknown;
  /** Whether it was stopped while it waited for a restart: then nothing ran that the last exit would be of. */
  readonly waiting: boolean;
}

/** Errors that another scheduler doesn't have, or not for that reason. */
const ownFault: ReadonlySet<ScxErrorCode> = new Set([
  "ERR_SCX_ATTACH",
  "ERR_SCX_KERNEL_FAULT",
  "ERR_SCX_KERNEL_LACKS",
  "ERR_SCX_LOAD",
  "ERR_SCX_NO_BTF",
  "ERR_SCX_NOT_BPF_OBJECT",
  "ERR_SCX_VERIFIER",
]);

const textOf = (error: unknown) => causeOf(error).replace(/\.$/, "");

/**
 * Runs a scheduler and looks after it: starts it again when the kernel asks for that (a CPU came or went) or the policy says
 * so, falls back to others when it is given up, and at last to the kernel's own.
 *
 * Resolves when the first one is attached.
 * @throws ScxError what {@link BpfObject.open}, {@link BpfObject.load} and {@link LoadedObject.attach} throw, when no
 * scheduler could be started
 */
export async function superviseScheduler(options: SuperviseOptions): Promise<Supervisor> {
  const remedy = 'Give { open }, which opens it each time: { open: () => BpfObject.open("simple.bpf.o") }.';
  checkGiven("supervise", "What is to be run", options, ["open"], remedy);
  const supervisor = new Supervisor(options);
  await supervisor.started;
  return supervisor;
}

/** One start of a scheduler, and what came of it. */
interface Attempt {
  readonly outcome: Outcome;
  /** Why it could not be started. */
  readonly error?: unknown;
  /** How long it ran, in ms. */
  readonly ranMs: number;
}

/** What {@link superviseScheduler} gives: a run that is looked after. */
export class Supervisor {
  /** What the run counts, over all its schedulers, for a {@link Sampler}. */
  readonly stats: StatsSource;
  /** Resolves, never rejects, when nothing is left to be started. */
  readonly ended: Promise<RunEnd>;
  /** Settles when the first scheduler is attached. @internal */
  readonly started: Promise<void>;
  readonly #options: Omit<SuperviseOptions, "after">;
  /** Whose run this one goes on with, until it has run: from there on nobody needs that one. */
  #after: Supervisor | undefined;
  readonly #chain: readonly OpenScheduler[];
  /** Names of the chain's schedulers, as far as they were opened. */
  readonly #names: string[] = [];
  readonly #run: RunStats;
  readonly #stopping = new AbortController();
  /** Those that stay loaded until the end. */
  readonly #kept: LoadedObject[] = [];
  /** What the scheduler that runs or ran last is of. */
  #running: LoadedObject | undefined;
  /** The one that runs or ran last, loaded for that start alone. */
  #fresh: LoadedObject | undefined;
  #scheduler: Scheduler | undefined;
  #exit: ExitRecord | undefined;
  #ready = false;
  #hasRun = false;
  #waiting = false;
  /** Whether another is about to go on with this run. */
  #isFollowed = false;
  #attached: () => void = () => {};

  /** @internal */
  constructor({ after, ...options }: SuperviseOptions) {
    this.#options = options;
    this.#chain = [options.open, ...(options.fallbacks ?? [])];
    this.#after = after;
    this.#run = after ? after.#run : new RunStats();
    if (after) after.#isFollowed = true;
    this.stats = this.#run;
    const stop = () => this.#stopping.abort();
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener("abort", stop, { once: true });
    let failed: (error: unknown) => void = () => {};
    this.started = new Promise((resolve, reject) => {
      this.#attached = resolve;
      failed = reject;
    });
    this.ended = this.#supervise().then((end) => {
      options.signal?.removeEventListener("abort", stop);
      failed(end.error ?? aborted("attach", "The run", this.#stopping.signal)); // nothing, when it had started
      return end;
    });
    this.#stopping.signal.addEventListener("abort", () => void this.#scheduler?.detach());
  }

  /** Global variables of the object whose scheduler runs now, live in the kernel's memory; undefined between two of them. */
  get globals(): LoadedGlobals<ObjectTypes> | undefined {
    return this.#scheduler && this.#running?.globals;
  }

  /** The scheduler that runs now; undefined between two of them. */
  get scheduler(): Scheduler | undefined {
    return this.#scheduler;
  }

  /** Ends the run: the kernel gets its own scheduler back. Idempotent; resolves when it has. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.ended;
    if (!this.#isFollowed) this.#run.finish(); // left open for one that was to follow, and didn't
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #supervise(): Promise<RunEnd> {
    let error: unknown;
    try {
      await this.#readChain();
      error = await this.#runChain();
    } catch (reason) {
      error = reason;
    }
    this.#endRun();
    await this.#fresh?.[Symbol.asyncDispose]();
    for (const loaded of this.#kept) await loaded[Symbol.asyncDispose]();
    const stopped = this.#stopping.signal.aborted;
    return { exit: this.#exit, error: stopped ? undefined : error, waiting: stopped && this.#waiting };
  }

  /** Its maps are about to be closed. */
  #endRun(): void {
    if (this.#isFollowed) this.#run.leave();
    else if (!this.#after) this.#run.finish();
    else this.#after.#isFollowed = false; // whose run it has remained
  }

  /** So that nobody learns of a wrong path when the fallback is needed. */
  async #readChain(): Promise<void> {
    const { keepLoaded = false } = this.#options;
    try {
      for (let at = keepLoaded ? 0 : 1; at < this.#chain.length; at++) {
        const object = await this.#open(at);
        if (keepLoaded) this.#kept.push(await object.load({ ...this.#loadOptions(at), reattach: true }));
        else object.close();
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.failed?.(error);
      throw error;
    }
  }

  /** One after the other until there is none left. Returns the last one's error, if it could not be started. */
  async #runChain(): Promise<unknown> {
    for (let at = 0; ; at++) {
      const { outcome, error } = await this.#runOne(at);
      if (this.#stopping.signal.aborted || outcome !== "failed") return error;
      if (!this.#hasRun && !(error instanceof ScxError && ownFault.has(error.code))) return error;
      const [name, next] = [this.#names[at], this.#names[at + 1]];
      const why = error ? `: ${textOf(error)}` : "";
      if (next === undefined) {
        const busy = error instanceof ScxError && error.code === "ERR_SCX_BUSY";
        const heir = busy ? "that one goes on" : "the kernel's own scheduler has taken over";
        if (this.#hasRun) log.error(`${name} is given up${why}; ${heir}`);
        return error;
      }
      log.error(`${name} is given up${why}; falling back to ${next}`);
      await this.#leave();
    }
  }

  /** Starts one, again and again as long as its plan says so. */
  async #runOne(at: number): Promise<Attempt> {
    const plan = new RestartPlan(this.#options.restart);
    for (;;) {
      const attempt = await this.#attempt(at);
      const { outcome, error, ranMs } = attempt;
      if (this.#stopping.signal.aborted || (error && !this.#hasRun)) return attempt;
      const delay = plan.next(outcome, performance.now(), ranMs);
      if (delay === undefined) return attempt;
      const after = delay > 0 ? ` in ${(delay / 1000).toFixed(1)} s` : "";
      const why = error ? textOf(error) : outcome === "restart asked" ? "the kernel asks for it" : plan.spent;
      log.warn(`restarting ${this.#names[at]}${after}: ${why}`);
      await this.#leave();
      this.#waiting = true;
      await sleep(delay, undefined, { signal: this.#stopping.signal }).catch(() => {});
      this.#waiting = this.#stopping.signal.aborted;
    }
  }

  async #attempt(at: number): Promise<Attempt> {
    const { signal } = this.#stopping;
    try {
      throwIfAborted(signal, "attach", "The run");
      const loaded = this.#kept[at] ?? (await this.#load(at));
      const goesOn = this.#hasRun || this.#after !== undefined;
      // What samples wants to know what will be counted; and faults in that are to be known before anything is replaced.
      if (goesOn) void loaded.stats.index;
      else this.#run.follow(loaded.stats);
      await this.#getReady();
      this.#scheduler = await loaded.attach({ signal });
      this.#running = loaded;
      if (signal.aborted) void this.#scheduler.detach();
      if (goesOn) this.#run.follow(loaded.stats);
    } catch (error) {
      if (!signal.aborted) this.#options.failed?.(error);
      return { outcome: "failed", error, ranMs: 0 };
    }
    this.#hasRun = true;
    this.#after = undefined;
    this.#attached();
    const exit = await this.#scheduler.exited;
    this.#scheduler = undefined;
    this.#exit = exit;
    this.#options.exited?.(exit, this.#run.epoch);
    return { outcome: outcomeOf(exit), ranMs: Number(exit.uptime) / 1e6 };
  }

  async #getReady(): Promise<void> {
    if (this.#ready) return;
    await this.#after?.stop();
    await settled(this.#stopping.signal);
    requireFree("attach"); // before anything is replaced
    await this.#options.loaded?.(this.#run);
    this.#ready = true;
  }

  async #open(at: number): Promise<BpfObject> {
    const object = await (this.#chain[at] as OpenScheduler)(this.#stopping.signal);
    try {
      this.#names[at] = object.scheduler;
      return object;
    } catch (error) {
      object.close(); // it holds no scheduler
      throw error;
    }
  }

  #loadOptions(at: number): LoadOptions {
    return { signal: this.#stopping.signal, statsMap: at === 0 ? this.#options.statsMap : undefined };
  }

  async #load(at: number): Promise<LoadedObject> {
    const object = await this.#open(at);
    this.#fresh = await object.load(this.#loadOptions(at));
    return this.#fresh;
  }

  /** The one that ran last is read for the last time, and freed. */
  async #leave(): Promise<void> {
    if (this.#hasRun) this.#run.leave();
    else if (!this.#after) this.#run.forget();
    await this.#fresh?.[Symbol.asyncDispose]();
    this.#fresh = undefined;
  }
}
