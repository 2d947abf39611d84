// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import { Clock } from "../sampler/clock.js";
import type { SampleConsumer } from "../sampler/sampler.js";
import { type Running, ValueSampler } from "../sampler/values.js";
import type { ValueSource } from "../source/values.js";
import type { Sample, StatsSchema } from "../stats/schema.js";

const log = logger("agent");

/** A group that is collected. */
interface Collected {
  readonly name: string;
  readonly source: ValueSource;
  readonly sampler: ValueSampler;
  readonly consumer: SampleConsumer;
  failing: boolean;
}

/** Reads groups of values every interval. What happens to one of them is no matter to the others. */
export class Collector {
  readonly #clock: Clock;
  readonly #running: () => Running;
  readonly #emit: (group: string, schema: StatsSchema, sample: Sample) => void;
  #groups: readonly Collected[] = [];
  #started = false;
  /** Readings that failed. */
  errors = 0n;

  /**
   * @param running what samples say of the scheduler
   * @param emit takes each group's sample
   * @param after called at the end of each tick
   */
  constructor(
    intervalMs: number,
    running: () => Running,
    emit: (group: string, schema: StatsSchema, sample: Sample) => void,
    after: () => void = () => {},
  ) {
    this.#running = running;
    this.#emit = emit;
    this.#clock = new Clock(intervalMs, () => {
      this.tick();
      after();
    });
  }

  /** How late the last tick came, in ns, and how many never came. */
  get ticks(): { lateness: bigint; missed: bigint } {
    return { lateness: BigInt(Math.round(this.#clock.lateness * 1e6)), missed: BigInt(this.#clock.missed) };
  }

  /** These sources from now on, by the names of their groups; those that were there already go on counting. */
  use(sources: ReadonlyMap<string, ValueSource>): void {
    const before = this.#groups;
    this.#groups = [...sources].map(([name, source]) => {
      const known = before.find((one) => one.source === source && one.name === name);
      if (known) return known;
      const sampler = new ValueSampler(source, { intervalMs: 0, running: this.#running });
      return { name, source, sampler, consumer: sampler.consumer(), failing: false };
    });
    for (const one of before) if (!this.#groups.includes(one)) one.sampler.close();
    this.#pace();
  }

  start(): void {
    this.#started = true;
    this.#pace();
  }

  /** While there is nothing to read no tick wakes the process. */
  #pace(): void {
    if (this.#started && this.#groups.length > 0) this.#clock.start();
    else this.#clock.stop();
  }

  setInterval(intervalMs: number): void {
    this.#clock.setInterval(intervalMs);
  }

  /** Reads all groups now. */
  tick(): void {
    for (const group of this.#groups) {
      try {
        const sample = group.consumer.read();
        if (Object.keys(sample.stats).length > 0) this.#emit(group.name, group.sampler.schema, sample);
        group.failing = false;
      } catch (error) {
        this.failed(`group ${group.name}`, error, group.failing);
        group.failing = true;
      }
    }
  }

  /** Counts a reading that failed, and says so unless that was said before. */
  failed(what: string, error: unknown, again = false): void {
    this.errors++;
    log[again ? "debug" : "warn"](`${what} can't be read: ${causeOf(error)}`);
  }

  close(): void {
    for (const { sampler } of this.#groups) sampler.close();
    this.#groups = [];
    this.#pace();
  }
}
