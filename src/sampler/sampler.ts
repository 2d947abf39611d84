// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import { checkedInterval } from "../interval.js";
import { CpuGroups, type Domain, domains } from "../kernel/topology.js";
import { native } from "../native/index.js";
import { type ClearMode, clearModes, zeroedByCpu } from "../source/clear_mode.js";
import type { Slot } from "../source/reader.js";
import type { StatsRollup } from "../source/rollup.js";
import type { StatsSource } from "../source/stats.js";
import type { Sample, StatsSchema, StatValues } from "../stats/schema.js";
import { u64 } from "../stats/u64.js";
import { Clock } from "./clock.js";
import { type CpuCounters, CpuRollups, type KeyRows } from "./cpu_rollup.js";
import { GoneKeys } from "./gone.js";
import { Iteration } from "./iteration.js";
import { ownCounts, type Places, placesOf, ReusedStats, statsAt } from "./places.js";

const log = logger("sampler");

export interface SamplerOptions {
  /** ms between samples. */
  intervalMs: number;
  /**
   * `delta`, unless given: the kernel's counters are only read. `reset` and `zero` also clear them there at each reading, the
   * former exactly, the latter with a loss; see {@link ClearMode}.
   */
  mode?: "delta" | ClearMode;
  /**
   * Each sample also has what is kept per CPU, summed over each CPU, core, last-level cache or NUMA node, in the same baseline and
   * by the same reading. A per-CPU hash has all its keys in each group; their memory grows with the keys that there are at a time and
   * the CPUs that there can be, and is taken for good once somebody has asked. A CPU that goes offline stays in the group in which it was
   * seen. With `reset`, these are what the kernel counted still, whoever else resets.
   */
  by?: readonly Domain[];
  /** Ends every iteration. */
  signal?: AbortSignal;
}

/** A reader with a baseline of its own: `delta` is what was counted since its last `read`. */
export interface SampleConsumer<S extends StatValues = StatValues> {
  /**
   * What was counted since the last call, as of the last tick. Where a scheduler with other statistics has followed, the
   * former's last sample comes first, so that nothing is lost.
   */
  read(): Sample<S>;
  close(): void;
}

/** How a consumer takes its samples. */
export interface TakeOptions {
  /**
   * `stats` is the same object in each sample, as are its counters, which the next sample changes: for who keeps none. With hundreds
   * of statistics that takes less CPU time, and leaves hardly any garbage.
   */
  reuse?: boolean;
}

/** What {@link Sampler.listen} calls back. */
export interface SampleListener {
  /** Each interval, and once more when the scheduler has left. */
  sample(sample: Sample): void;
  /** Ticks that never came, because the process was kept from running; the next sample holds what they would have shown. */
  missed?(ticks: number): void;
  /** Nothing comes any more: the scheduler has left, or the sampler's signal fired. */
  end?(): void;
  /** A reading failed, and nothing comes any more. Without it the failure is logged. */
  error?(error: unknown): void;
}

/** One consumer's side of it. */
interface Baseline<S extends StatValues> {
  counters: Counters;
  /** Of what each CPU has. */
  cpus: CpuCounters;
  /** When it read last, by process.hrtime; 0 before the first time. */
  readAt: bigint;
  /** The source's reading that it has seen; -1 before the first time. */
  reading: number;
  /** What keys counted that went before it read. */
  readonly gone: GoneKeys;
  /** Last samples of schedulers that are gone, not yet read. */
  readonly waiting: Sample<S>[];
  /** What its samples have in common, if they do. */
  readonly reused: ReusedStats | undefined;
}

/**
 * Reads a source every interval and hands each consumer its samples. One clock and one kernel read a tick serve all
 * consumers; one that is slow gets its next sample with everything since its last, and delays nobody.
 *
 * Iterating ends when the scheduler leaves, after one last sample that holds everything it counted.
 */
export class Sampler<S extends StatValues = StatValues> implements AsyncIterable<Sample<S>> {
  readonly #source: StatsSource<S>;
  #intervalMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #consumers = new Set<Baseline<S>>();
  /** What was counted from an epoch on; another scheduler's statistics come with another one. */
  readonly #schemas: { readonly epoch: number; readonly schema: StatsSchema }[] = [];
  #words: BigUint64Array;
  /** Once there was a sample of these words. */
  #places: Places | undefined;
  #run: Counters;
  readonly #groups: readonly CpuGroups[];
  #rollups: CpuRollups;
  /** Of the run. */
  #cpus: CpuCounters;
  /** Readings of the source so far, whoever asked for them. */
  #reading = 0;
  #isRefreshing = false;
  /** Those that have begun. */
  readonly #iterations = new Set<Iteration<Sample<S>>>();
  #tick = 0;
  #ended = false;
  #stale = true;
  #readAt = 0n;
  /** As of the last reading: the clock of intervals, and the system's. */
  readonly #times = new BigUint64Array(2);
  readonly #readClocks = new native.Clocks(this.#times).read;
  #hasRead = false;
  /** When the reading before the last was made. */
  #previousAt = 0n;
  /** The run's sample of the last reading, once somebody has asked for it: most only want their own. */
  #last: Sample<S> | undefined;

  /**
   * @throws ScxError ERR_SCX_USAGE for no source, an interval, mode or by that is none, by with mode zero, or a mode that comes too late
   * ({@link StatsSource.clearInKernel}); ERR_SCX_RESET_UNSUPPORTED
   */
  constructor(source: StatsSource<S>, options: SamplerOptions) {
    const remedy = "Give a scheduler's statistics: new Sampler(scheduler.stats, { intervalMs: 1000 }).";
    checkGiven("sample", "A sampler's source", source, ["refresh", "schema"], remedy);
    const intervalMs = checkedInterval("sample", options?.intervalMs);
    const { mode = "delta", by = [] } = options;
    if (mode !== "delta" && !clearModes.includes(mode))
      throw wrongOption("mode", mode, `delta, ${clearModes.join(", ")}`);
    if (!Array.isArray(by)) throw wrongOption("by", by, `a list of ${domains.join(", ")}`);
    if (mode === "zero" && by.length > 0) throw zeroedByCpu();
    this.#groups = [...new Set(by)].map((domain) => new CpuGroups(domain));
    if (mode !== "delta") source.clearInKernel(mode);
    this.#source = source;
    this.#intervalMs = intervalMs;
    this.#signal = options.signal;
    this.#words = source.words;
    this.#keepSchema();
    this.#run = new Counters(this.#words);
    this.#rollups = this.#newRollups();
    this.#cpus = this.#rollups.run();
    this.#clock = new Clock(intervalMs, () => this.#onTick());
    this.#listen();
  }

  /** The source doesn't keep a sampler that nobody has any more. */
  #listen(): void {
    const self = new WeakRef(this);
    void this.#source.ended.then(() => {
      const sampler = self.deref();
      if (sampler) sampler.#end();
    });
    this.#source.onRefresh?.((all) => {
      const sampler = self.deref();
      return sampler ? sampler.#beforeRefresh(all) : false;
    });
    this.#source.onTurn?.((turn) => {
      const sampler = self.deref();
      if (!sampler) return false;
      return turn === "left" ? sampler.#afterLast() : sampler.#keepLast();
    });
  }

  /** What is counted now; another one after a fallback to another scheduler. */
  get schema(): StatsSchema {
    return this.#source.schema;
  }

  /** What a sample of this sampler counts, also when another scheduler's statistics have followed. */
  schemaOf(sample: Sample): StatsSchema {
    return this.#schemas.findLast(({ epoch }) => epoch <= sample.epoch)?.schema ?? this.schema;
  }

  /** The scheduler's name. */
  get scheduler(): string {
    return this.#source.scheduler;
  }

  /** ms between samples. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** Another interval from now on; all else goes on. @throws ScxError ERR_SCX_USAGE for one that is none */
  setInterval(intervalMs: number): void {
    this.#intervalMs = checkedInterval("sample", intervalMs);
    this.#clock.setInterval(intervalMs);
  }

  /** What is kept per CPU, summed over groups of CPUs; undefined where there is nothing per CPU. See {@link StatsSource.by}. */
  by = (domain: Domain): StatsRollup | undefined => this.#source.by?.(domain);

  /** Why some statistics can't be read, as of the last reading; the others are. */
  get problems(): readonly ScxError[] {
    const lost = [...this.#consumers].flatMap(({ gone, cpus }) => gone.problem ?? cpus.gone.problem ?? []);
    return [...(this.#source.problems ?? []), ...lost];
  }

  /** Ticks missed so far because the process was kept from running. */
  get missed(): number {
    return this.#clock.missed;
  }

  /** The run's totals as of the last tick, read afresh when older than an interval. Deltas are those of that reading. */
  totals(): Sample<S> {
    this.#readIfOld();
    this.#last ??= this.#sample(this.#run, this.#cpus, this.#previousAt);
    return this.#last;
  }

  #readIfOld(): void {
    if (!this.#hasRead || !(this.#ended || this.#isFresh())) this.#refresh();
  }

  #isFresh(): boolean {
    // What was read before the attach says nothing of the run.
    if (this.#stale || this.#readAt < this.#source.startedAt) return false;
    return process.hrtime.bigint() - this.#readAt <= nsOf(this.#intervalMs);
  }

  /** A reader with its own baseline, which begins at attach. Its reads are as of the last tick, like {@link totals}. */
  consumer(options?: TakeOptions): SampleConsumer<S> {
    const baseline = this.#baseline(options);
    return { read: () => this.#read(baseline), close: () => this.#consumers.delete(baseline) };
  }

  /**
   * Calls back with samples, by the same clock and reading as those who iterate; its deltas have a baseline of their own.
   * @returns what ends it
   */
  listen(listener: SampleListener, options?: TakeOptions): Disposable {
    const samples = this.iterate(options);
    let missed = this.missed;
    const run = async () => {
      for await (const sample of samples) {
        if (this.missed > missed) listener.missed?.(this.missed - missed);
        missed = this.missed;
        listener.sample(sample);
      }
      listener.end?.();
    };
    let open = true;
    run().catch((error: unknown) => {
      if (!open) return;
      if (listener.error) listener.error(error);
      else log.error(`sampling ${this.scheduler} failed: ${causeOf(error)}`);
    });
    return {
      [Symbol.dispose]: () => {
        open = false;
        void samples.return();
      },
    };
  }

  [Symbol.asyncIterator](): AsyncGenerator<Sample<S>, void, void> {
    return this.iterate();
  }

  /** Its samples, as `for await` has them of the sampler itself. */
  iterate(options?: TakeOptions): AsyncGenerator<Sample<S>, void, void> {
    const baseline = this.#baseline(options); // from now on, though it is only asked later
    let seen = this.#tick;
    let wasLast = false;
    const iteration: Iteration<Sample<S>> = new Iteration({
      begin: () => {
        seen = this.#tick;
        this.#iterations.add(iteration);
        this.#signal?.addEventListener("abort", this.#wake);
        this.#clock.start();
      },
      take: (): IteratorResult<Sample<S>, void> | undefined => {
        if (wasLast || this.#signal?.aborted) return { value: undefined, done: true };
        const isKept = baseline.waiting.length > 0;
        if (this.#tick === seen && !isKept && !this.#ended) return undefined;
        wasLast = this.#ended && !isKept;
        seen = this.#tick;
        return { value: this.#read(baseline), done: false };
      },
      end: () => {
        this.#consumers.delete(baseline);
        if (!this.#iterations.delete(iteration) || this.#iterations.size > 0) return;
        this.#signal?.removeEventListener("abort", this.#wake);
        this.#clock.stop();
      },
    });
    return iteration;
  }

  /** Who waits for a sample gets it now, if there is one. */
  readonly #wake = (): void => {
    this.#iterations.forEach(wakeOne);
  };

  #onTick(): void {
    this.#tick++;
    // The kernel is read when the first consumer asks for this tick's sample, and not again for the others.
    this.#stale = true;
    this.#wake();
  }

  /** The scheduler has left, and another may follow: who waits for a tick gets its last sample now. */
  #afterLast(): void {
    this.#tryRefresh();
    this.#tick++;
    this.#wake();
  }

  /** Other statistics are about to follow: what a consumer hasn't read of these is kept for it. */
  #keepLast(): void {
    for (const baseline of this.#consumers)
      if (baseline.readAt !== this.#readAt) baseline.waiting.push(this.#advance(baseline));
    this.#stale = true;
    this.#wake();
  }

  #end(): void {
    this.#tryRefresh();
    this.#ended = true;
    this.#tick++;
    this.#clock.stop();
    this.#wake();
  }

  #tryRefresh(): void {
    try {
      this.#refresh();
    } catch (error) {
      // Closed before it was ever attached, or in a hurry: nobody waits for the last sample then.
      log.debug(`no last reading of ${this.scheduler}: ${causeOf(error)}`);
    }
  }

  #baseline({ reuse = false }: TakeOptions = {}): Baseline<S> {
    this.#followSource();
    const baseline: Baseline<S> = {
      counters: new Counters(this.#run.total),
      cpus: this.#rollups.consumer(this.#cpus),
      readAt: 0n,
      reading: -1,
      gone: new GoneKeys(),
      waiting: [],
      reused: reuse ? new ReusedStats() : undefined,
    };
    if (this.#source.isLate) this.#beginHere(baseline);
    this.#consumers.add(baseline);
    return baseline;
  }

  /** What was counted up to now is in its totals, but in no delta of it. */
  #beginHere(baseline: Baseline<S>): void {
    try {
      this.#readIfOld();
    } catch (error) {
      log.debug(`no first reading of ${this.scheduler}: ${causeOf(error)}`); // its own first reading will say why
    }
    baseline.counters.advance();
    baseline.cpus.advance();
    baseline.readAt = this.#readAt;
    baseline.reading = this.#reading;
  }

  #read(baseline: Baseline<S>): Sample<S> {
    const kept = baseline.waiting.shift();
    if (kept) return kept;
    this.#readIfOld();
    return this.#advance(baseline);
  }

  #advance(baseline: Baseline<S>): Sample<S> {
    const previous = baseline.readAt;
    baseline.counters.advance();
    baseline.cpus.advance();
    baseline.readAt = this.#readAt;
    baseline.reading = this.#reading;
    const sample = this.#sample(baseline.counters, baseline.cpus, previous, baseline);
    baseline.gone.clear();
    baseline.cpus.gone.clear();
    return sample;
  }

  /** Other statistics may have followed since the last look: all baselines then begin at their attach. */
  #followSource(): void {
    if (this.#words === this.#source.words) return;
    this.#words = this.#source.words;
    this.#keepSchema();
    this.#places = undefined;
    this.#run = new Counters(this.#words);
    this.#rollups = this.#newRollups();
    this.#cpus = this.#rollups.run();
    for (const baseline of this.#consumers) {
      baseline.counters = new Counters(this.#run.total);
      baseline.cpus = this.#rollups.consumer(this.#cpus);
      baseline.gone.clear();
      baseline.reused?.leave();
    }
  }

  #keepSchema(): void {
    this.#schemas.push({ epoch: this.#source.epoch, schema: this.schema });
  }

  /** Keys that are about to be forgotten are kept for those consumers that haven't seen the last reading. */
  #beforeRefresh(all: boolean): void {
    const seen = this.#reading++;
    if (this.#words !== this.#source.words) return; // all baselines begin anew
    const { dictionaries } = this.#placesNow();
    if (dictionaries.length === 0) return;
    for (const { stat, number } of dictionaries) {
      if (!this.#isRefreshing) this.#stale = true; // what the source has now is newer than ours
      if (stat.kind !== "counter") continue;
      let slots: readonly Slot[] | undefined;
      let rows: KeyRows | undefined;
      for (const { reading, counters, gone, cpus } of this.#consumers) {
        if (reading === seen) continue;
        slots ??= this.#source.slots?.(number, !all) ?? [];
        if (slots.length === 0) break;
        rows ??= this.#rollups.keyRows(number, !all);
        if (rows) this.#rollups.keepGone(number, rows, cpus);
        const since = (word: number) => u64((this.#words[word] ?? 0n) - (counters.total[word] ?? 0n));
        for (const [key, own] of Object.entries(ownCounts(slots, this.#words, since)))
          if (own.delta > 0n) gone.add(number, key, own);
      }
    }
  }

  #placesNow(): Places {
    this.#places ??= placesOf(this.#source);
    return this.#places;
  }

  #refresh(): void {
    this.#followSource();
    const previous = this.#readAt;
    this.#isRefreshing = true;
    try {
      this.#source.refresh();
    } finally {
      this.#isRefreshing = false;
    }
    this.#hasRead = true;
    this.#previousAt = previous;
    this.#last = undefined;
    this.#readClocks();
    this.#readAt = this.#times[0] as bigint;
    this.#stale = false;
    this.#run.advance();
    this.#cpus.advance();
  }

  #newRollups(): CpuRollups {
    return new CpuRollups(this.#groups.length > 0 ? (this.#source.byCpu?.() ?? []) : [], this.#groups);
  }

  #sample(
    counters: Counters,
    cpus: CpuCounters,
    previous: bigint,
    { gone, reused }: Partial<Baseline<S>> = {},
  ): Sample<S> {
    const { startedAt, epoch, scheduler } = this.#source;
    const places = this.#placesNow();
    const sample: Sample<S> = {
      at: this.#times[1] as bigint,
      interval: this.#readAt - (previous > startedAt ? previous : startedAt),
      epoch,
      scheduler,
      state: this.#source.state(),
      stats: (reused
        ? reused.at(places, this.#source, counters, gone)
        : statsAt(places, this.#source, counters, gone)) as S,
    };
    if (this.#groups.length > 0) sample.by = this.#rollups.values(this.schema, cpus) as NonNullable<Sample<S>["by"]>;
    return sample;
  }
}

const wakeOne = (iteration: { wake(): void }): void => iteration.wake();

const nsOf = (ms: number): bigint => BigInt(Math.round(ms * 1e6));

const wrongOption = (name: string, value: unknown, known: string): ScxError =>
  new ScxError("ERR_SCX_USAGE", {
    op: "sample",
    message: `A sampler's ${name} can't be ${JSON.stringify(value)}.`,
    remedy: `Give ${known}, or leave it out.`,
  });
