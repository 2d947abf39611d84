// SPDX-License-Identifier: MIT
import { Tracker } from "../counters/tracker.js";
import { schedExt } from "../kernel/sched_ext.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { followStats, type StatsReading } from "./follow.js";

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
  signal?: AbortSignal | undefined;
}

/**
 * Makes samples of what a server answers. Totals go on over connections, where a server that has come back describes the same as
 * before.
 */
export class ReadingSamples {
  readonly #tracker = new Tracker();
  readonly #change: (schema: StatsSchema) => StatsSchema;
  #described: StatsSchema | undefined;
  #schema: StatsSchema | undefined;
  /** When the last one came, by process.hrtime. */
  #before: bigint | undefined;

  constructor(change: (schema: StatsSchema) => StatsSchema = (schema) => schema) {
    this.#change = change;
  }

  /** The next one's part that only the server knows; undefined where its metadata don't describe it, which has been said. */
  next({
    at,
    schema: described,
    values,
  }: StatsReading): (Pick<Sample, "at" | "interval" | "stats"> & { schema: StatsSchema }) | undefined {
    if (!described) return undefined;
    if (this.#schema === undefined || described !== this.#described) {
      const anew = JSON.stringify(described) !== JSON.stringify(this.#described);
      this.#described = described;
      if (this.#schema === undefined || anew) this.#schema = this.#change(described);
    }
    const now = process.hrtime.bigint();
    const interval = now - (this.#before ?? now);
    this.#before = now;
    const stats = this.#tracker.read(this.#schema, values as Record<string, unknown>);
    return { schema: this.#schema, at, interval, stats };
  }
}

/**
 * Samples of any scheduler that serves the scx_stats protocol: like those of a sampler, with totals and deltas. A server that isn't
 * there, or goes away, is waited for; `epoch` goes up with each time that it came back. What its metadata don't describe is
 * passed over, which is said once.
 * @throws ScxError as {@link followStats}, and what `change` throws
 */
export async function* followSamples(
  options: FollowSamplesOptions,
): AsyncGenerator<{ schema: StatsSchema; sample: Sample }, void, void> {
  const { path, intervalMs, target, timeoutMs, scheduler, change, signal } = options;
  const samples = new ReadingSamples(change);
  for await (const reading of followStats({ path, intervalMs, target, timeoutMs, signal })) {
    const next = samples.next(reading);
    if (!next) continue;
    const { schema, ...rest } = next;
    const sample = {
      ...rest,
      epoch: reading.connection - 1,
      scheduler: scheduler ?? schedExt.running() ?? reading.schema?.name ?? schema.name,
      state: schedExt.exists() ? schedExt.state() : "",
    };
    yield { schema, sample };
  }
}
