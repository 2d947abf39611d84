// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { schedExt } from "../kernel/sched_ext.js";
import { watchSchedExt } from "../kernel/watch.js";
import type { NativeLink } from "../native/index.js";
import type { LoadedStats, StatsSource } from "../source/stats.js";
import type { StatValues } from "../stats/schema.js";
import { type ExitFacts, type ExitInfo, type ExitRecord, exitKinds, exitRecord } from "./exit.js";
import { restartForHotplug } from "./exit_code.js";
import { rememberExit } from "./history.js";

const log = logger("scheduler");

/** Attached schedulers stay, though nobody holds them: what is collected would be detached. */
const attached = new Set<Scheduler>();

/**
 * A scheduler the kernel schedules by. It is watched: {@link exited} settles when it leaves, whoever made it.
 */
export class Scheduler<S extends StatValues = StatValues> {
  /** ops.name. */
  readonly name: string;
  /** Resolves, never rejects, with why it left. */
  readonly exited: Promise<ExitRecord>;
  readonly #exit: ExitInfo | undefined;
  readonly #stats: LoadedStats;
  #link: NativeLink | undefined;
  #watch: { close(): void } | undefined;
  #record: ExitRecord | undefined;
  #detaching: Promise<void> | undefined;
  /** As they were at attach, for a scheduler that keeps no exit information. */
  #enableSeq = 0n;
  #hotplugSeq = 0n;
  /** When attaching began: a scheduler that stalls at once keeps attach() itself from returning. */
  readonly #began = process.hrtime.bigint();
  #settle: (record: ExitRecord) => void = () => {};

  private constructor(name: string, exit: ExitInfo | undefined, stats: LoadedStats) {
    this.name = name;
    this.#exit = exit;
    this.#stats = stats;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Attaches and begins to watch. */
  static async start<S extends StatValues>(
    name: string,
    attach: () => Promise<NativeLink>,
    exit: ExitInfo | undefined,
    stats: LoadedStats,
  ): Promise<Scheduler<S>> {
    const scheduler = new Scheduler<S>(name, exit, stats);
    try {
      const attaching = attach();
      scheduler.#watch = watchSchedExt(() => scheduler.#look());
      scheduler.#link = await attaching;
    } catch (error) {
      scheduler.#watch?.close();
      throw error;
    }
    if (!exit) scheduler.#enableSeq = schedExt.enableSeq();
    if (!exit) scheduler.#hotplugSeq = schedExt.hotplugSeq();
    attached.add(scheduler);
    stats.begin(() => scheduler.state());
    log.info(`${name} attached`);
    scheduler.#look(); // it may have left before anybody watched
    return scheduler;
  }

  /** What it counts, for a {@link Sampler}; an empty schema when it declares no statistics. */
  get stats(): StatsSource<S> {
    return this.#stats;
  }

  /** Whether it has left the kernel. */
  get left(): boolean {
    return this.#record !== undefined;
  }

  /** sched_ext's state now: `enabled` while it runs. */
  state(): string {
    return this.#record ? "disabled" : schedExt.state();
  }

  /** Gives the kernel its own scheduler back; idempotent. Resolves when it has. */
  async detach(): Promise<void> {
    this.#detaching ??= this.#destroy();
    await this.#detaching;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.detach();
  }

  async #destroy(): Promise<void> {
    await this.#link?.detach();
    this.#look();
    if (!this.#record)
      this.#leave({ number: exitKinds.unreg, code: 0n, reason: "unregistered from user space", message: "" });
  }

  /** Has it left? Costs a memory read when the object keeps exit information, else one of sysfs. */
  #look(): void {
    if (!this.#link || this.#record) return;
    if (this.#exit) {
      if (this.#exit.kind() !== 0) this.#leave(this.#exit.read());
    } else if (this.#detaching) {
      // On our own wish; nothing in the object says so.
    } else if (schedExt.enableSeq() !== this.#enableSeq || schedExt.state() === "disabled") {
      this.#leave(this.#unsaid());
    }
  }

  /** What can be told of an exit that the object says nothing of. */
  #unsaid(): ExitFacts {
    const message = "The scheduler keeps no exit information";
    if (schedExt.hotplugSeq() === this.#hotplugSeq) return { number: 0, code: 0n, reason: "", message: `${message}.` };
    return {
      number: exitKinds.unreg_kern,
      code: restartForHotplug,
      reason: "unregistered from the main kernel",
      message: `${message}; a CPU came or went.`,
    };
  }

  #leave(facts: ExitFacts): void {
    const record = exitRecord(facts, this.name, process.hrtime.bigint() - this.#began);
    this.#record = record;
    rememberExit(record);
    this.#watch?.close();
    attached.delete(this);
    log.info(`${this.name} left: ${record.kind}`);
    // A link outlives a scheduler that the kernel threw out, and would keep the next one from attaching.
    void this.detach().catch((error: Error) => log.warn(error.message));
    this.#stats.end();
    this.#settle(record);
  }
}
