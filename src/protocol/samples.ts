// SPDX-License-Identifier: MIT
import { Tracker } from "../counters/tracker.js";
import { schedExt } from "../kernel/sched_ext.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { followStats } from "./follow.js";

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
 * Samples of any scheduler that serves the scx_stats protocol: like those of a sampler, with totals and deltas. A server that isn't
 * there, or goes away, is waited for; `epoch` goes up with each time that it came back. What its metadata don't describe is
 * passed over, which is said once.
 * @throws ScxError as {@link followStats}, and what `change` throws
 */
export async function* followSamples(
  options: FollowSamplesOptions,
): AsyncGenerator<{ schema: StatsSchema; sample: Sample }, void, void> {
  const { path, intervalMs, target, timeoutMs, scheduler, change = (schema) => schema, signal } = options;
  const tracker = new Tracker();
  let described: StatsSchema | undefined;
  let schema: StatsSchema | undefined;
  let before: bigint | undefined;
  for await (const reading of followStats({ path, intervalMs, target, timeoutMs, signal })) {
    if (!reading.schema) continue;
    if (reading.schema !== described) {
      // A server that came back and describes the same goes on.
      const anew = JSON.stringify(reading.schema) !== JSON.stringify(described);
      described = reading.schema;
      if (anew) schema = change(described);
    }
    const now = process.hrtime.bigint();
    const sample = {
      at: reading.at,
      interval: before === undefined ? 0n : now - before,
      epoch: reading.connection - 1,
      scheduler: scheduler ?? schedExt.running() ?? described.name,
      state: schedExt.exists() ? schedExt.state() : "",
      stats: tracker.read(schema as StatsSchema, reading.values as Record<string, unknown>),
    };
    before = now;
    yield { schema: schema as StatsSchema, sample };
  }
}
