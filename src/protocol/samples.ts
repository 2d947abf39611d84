// SPDX-License-Identifier: MIT
import { Tracker } from "../counters/tracker.js";
import { logger } from "../diagnostics.js";
import { checkGiven } from "../given.js";
import { schedExt } from "../kernel/sched_ext.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { followStats, type StatsReading } from "./follow.js";

const log = logger("protocol");

/** What {@link followSamples} may be given. */
export interface FollowSamplesOptions {
  /** The socket; upstream's usual place unless given. */
  path?: string | undefined;
  /** ms between samples. */
  intervalMs: number;
  target?: string | undefined;
  /** ms that connecting and each request may take; 5000 unless given. */
  timeoutMs?: number | undefined;
  /** The scheduler's name; that of the one that runs on this kernel unless given, or its statistics' where none does. */
  scheduler?: string | undefined;
  /** Changes what a server says of its statistics: kinds, units, labels. Called once for each description. */
  change?: ((schema: StatsSchema) => StatsSchema) | undefined;
  /** Called each time that the server doesn't answer and is waited for. */
  away?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What a reading becomes. */
export interface ReadSample {
  readonly schema: StatsSchema;
  readonly sample: Sample;
}

/**
 * Makes samples of what a server answers. Totals of counters of the same name go on, whatever becomes of the server. `epoch` goes up when
 * it was started again, by evidence: another process answers, or with other metadata, or its counters went back. A connection that was
 * lost is none.
 */
export class ReadingSamples {
  readonly #tracker = new Tracker();
  readonly #change: (schema: StatsSchema) => StatsSchema;
  readonly #scheduler: string | undefined;
  #described: StatsSchema | undefined;
  #schema: StatsSchema | undefined;
  #server: string | undefined;
  #epoch = 0;
  /** When the last one came, by process.hrtime. */
  #before: bigint | undefined;
  /** Counters that it was said of that they are none. */
  readonly #below = new Set<string>();

  constructor({ change, scheduler }: Pick<FollowSamplesOptions, "change" | "scheduler"> = {}) {
    this.#change = change ?? ((schema) => schema);
    this.#scheduler = scheduler;
  }

  /** Goes on from the last one, by these options. @throws as {@link followSamples} */
  async *follow(options: Omit<FollowSamplesOptions, "change" | "scheduler">): AsyncGenerator<ReadSample, void, void> {
    const { path, intervalMs, target, timeoutMs, away, signal } = options;
    for await (const reading of followStats({ path, intervalMs, target, timeoutMs, away, signal })) {
      const next = this.next(reading);
      if (next) yield next;
    }
  }

  /** The next one; undefined where the server's metadata don't describe it, which has been said. */
  next({ at, server, schema: described, values }: StatsReading): ReadSample | undefined {
    if (!described) return undefined;
    const known = this.#schema !== undefined;
    const other = this.#describe(described);
    const began = known && (other || (server !== undefined && server !== (this.#server ?? server)));
    this.#server = server ?? this.#server;
    const schema = this.#schema as StatsSchema;
    const now = process.hrtime.bigint();
    const interval = now - (this.#before ?? now);
    this.#before = now;
    const stats = this.#tracker.read(schema, values as Record<string, unknown>, { began });
    this.#sayBelow();
    if (began || this.#tracker.fell) this.#epoch++;
    const scheduler = this.#scheduler ?? schedExt.running() ?? described.name;
    return { schema, sample: { at, interval, epoch: this.#epoch, scheduler, state: stateHere(), stats } };
  }

  /** Whether the metadata say something else than before. */
  #describe(described: StatsSchema): boolean {
    if (described === this.#described) return false;
    const anew = JSON.stringify(described) !== JSON.stringify(this.#described);
    if (anew) this.#schema = this.#change(described); // where it throws, it is told the next time as well
    this.#described = described;
    return anew;
  }

  /** What is below zero is left out. */
  #sayBelow(): void {
    for (const name of this.#tracker.below) {
      if (this.#below.has(name)) continue;
      this.#below.add(name);
      log.warn(`${name} is below zero, and so is no counter: it is left out. Don't call it one.`);
    }
  }
}

/** sched_ext's state on this machine; `""` where it has none, as the server is on another one then. */
export const stateHere = (): string => (schedExt.exists() ? schedExt.state() : "");

/**
 * Samples of any scheduler that serves the scx_stats protocol: like those of a sampler, with totals and deltas. A server that isn't
 * there, or goes away, is waited for; `epoch` goes up when it was started again ({@link ReadingSamples}). What its metadata don't describe,
 * or is not as they say, is left out, which is said once.
 * @throws ScxError as {@link followStats}, and what `change` throws
 */
export function followSamples(options: FollowSamplesOptions): AsyncGenerator<ReadSample, void, void> {
  checkGiven(
    "follow",
    "What is to be followed",
    options,
    [],
    "Give { path, intervalMs }; without a path it is upstream's.",
  );
  return new ReadingSamples(options).follow(options);
}
