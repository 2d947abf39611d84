// SPDX-License-Identifier: MIT
import { checkGiven } from "../given.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { exitEvent } from "./exit_event.js";
import { entry } from "./place.js";
import type { SampleRecord } from "./sink.js";
import type { Sinks } from "./sinks.js";

/** What a feed needs of the sampler whose samples it is given. */
export interface FedSampler {
  schemaOf(sample: Sample): StatsSchema;
  /** ms between samples, where it says that. */
  readonly intervalMs?: number;
}

/**
 * Gives sinks what a scheduler's run yields: its samples, its exits, and with each what the sinks and exits have come to.
 *
 *     const feed = new SinkFeed(sinks, sampler);
 *     for await (const sample of sampler) feed.sample(sample);
 */
export class SinkFeed {
  readonly #sinks: Sinks;
  readonly #sampler: FedSampler;
  readonly #labels: SampleRecord["labels"];
  readonly #since = new WeakMap<StatsSchema, bigint>();

  constructor(sinks: Sinks, sampler: FedSampler, { labels = {} }: { labels?: SampleRecord["labels"] } = {}) {
    checkGiven(
      "sink",
      "Where samples go",
      sinks,
      ["push"],
      "Give the sinks: new SinkFeed(await Sinks.open([…]), sampler).",
    );
    checkGiven(
      "sink",
      "Where samples come from",
      sampler,
      ["schemaOf"],
      "Give the sampler: new SinkFeed(sinks, sampler).",
    );
    this.#sinks = sinks;
    this.#sampler = sampler;
    this.#labels = labels;
  }

  sample(sample: Sample): void {
    const schema = this.#sampler.schemaOf(sample);
    // Their first sample's interval begins when they began to count.
    const since = entry(this.#since, schema, () => sample.at - sample.interval);
    const everyMs = this.#sampler.intervalMs;
    this.#sinks.push({ type: "sample", group: "stats", schema, sample, labels: this.#labels, everyMs, since });
    this.#sinks.own.runs(sample.scheduler);
    this.#sinks.report(sample.state !== "disabled", everyMs);
  }

  exit(exit: ExitRecord): void {
    this.#sinks.own.exited(exit);
    this.#sinks.push(exitEvent(exit, this.#labels));
    this.#sinks.report(false, this.#sampler.intervalMs);
  }
}
