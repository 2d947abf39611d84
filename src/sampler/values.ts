// SPDX-License-Identifier: MIT
import { Tracker } from "../counters/tracker.js";
import { checkGiven } from "../given.js";
import { checkedInterval } from "../interval.js";
import { schedExt } from "../kernel/sched_ext.js";
import type { ValueSource } from "../source/values.js";
import { mergedSample } from "../stats/merge.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { wallClock } from "../wall_clock.js";
import type { SampleConsumer } from "./sampler.js";

export interface ValueSamplerOptions {
  /** How old a reading may be, in ms, before {@link ValueSampler.totals} reads again; 0: it always does. */
  intervalMs: number;
  /** Of which scheduler the samples are; the one that runs, unless given. */
  running?: () => Running;
}

/** What a sample says of the scheduler. */
export type Running = Pick<Sample, "scheduler" | "state" | "epoch">;

const runningNow = (): Running => ({ scheduler: schedExt.running() ?? "", state: schedExt.state(), epoch: 0 });

/**
 * Samples of a group of values: the same shape, totals and deltas as a scheduler's, for the same servers and sinks. It has no
 * clock: it reads when it is asked.
 */
export class ValueSampler {
  readonly #source: ValueSource;
  readonly #intervalNs: bigint;
  readonly #running: () => Running;
  /** The kernel's counters come from everywhere: of those that sched_ext has, some begin anew with each scheduler. */
  readonly #tracker = new Tracker({ together: false });
  readonly #consumers = new Set<{ unread: Sample | undefined }>();
  #last: Sample | undefined;
  #readAt = 0n;

  /** @throws ScxError ERR_SCX_USAGE for no source or an interval that is none */
  constructor(source: ValueSource, options: ValueSamplerOptions) {
    const remedy = 'Give a source of values: new ValueSampler(groupSource("cpu"), { intervalMs: 1000 }).';
    checkGiven("sample", "A sampler's source", source, ["read", "schema"], remedy);
    const { intervalMs, running = runningNow } = options ?? {};
    if (intervalMs !== 0) checkedInterval("sample", intervalMs);
    this.#source = source;
    this.#intervalNs = BigInt(Math.round(intervalMs * 1e6));
    this.#running = running;
  }

  get schema(): StatsSchema {
    return this.#source.schema;
  }

  /** The totals as of the last reading, read afresh when it is older than an interval. No statistics while the source has none. */
  totals(): Sample {
    const age = process.hrtime.bigint() - this.#readAt;
    return this.#last && age <= this.#intervalNs ? this.#last : this.refresh();
  }

  /** Reads now; deltas are those since the reading before. @throws whatever the source throws */
  refresh(): Sample {
    const values = this.#source.read(); // which may make another schema
    const now = process.hrtime.bigint();
    const interval = this.#last ? now - this.#readAt : 0n;
    this.#readAt = now;
    // While there is nothing, what was counted isn't forgotten.
    const stats = values ? this.#tracker.read(this.schema, values) : {};
    this.#last = { at: wallClock(), interval, ...this.#running(), stats };
    for (const consumer of this.#consumers)
      consumer.unread = consumer.unread ? mergedSample(consumer.unread, this.#last) : this.#last;
    return this.#last;
  }

  /** A reader with a baseline of its own: the last reading, or its own first one. What was counted before is in totals only. */
  consumer(): SampleConsumer {
    const consumer: { unread: Sample | undefined } = { unread: undefined };
    this.#consumers.add(consumer);
    return {
      read: () => {
        const sample = consumer.unread ?? this.refresh();
        consumer.unread = undefined;
        return sample;
      },
      close: () => this.#consumers.delete(consumer),
    };
  }

  /** Nobody reads it any more. */
  close(): void {
    this.#source.close?.();
  }
}
