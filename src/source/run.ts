// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, type ScxError } from "../error.js";
import type { Domain } from "../kernel/topology.js";
import { type NativeAccumulator, native } from "../native/index.js";
import { isKeyed, type StatsSchema } from "../stats/schema.js";
import { type Callback, Callbacks } from "./callbacks.js";
import { type ClearMode, otherMode, zeroedByCpu } from "./clear_mode.js";
import { CpuTotals } from "./cpu_totals.js";
import type { CpuPart } from "./joined.js";
import { CarriedKeys, ForgottenKeys } from "./keyed.js";
import type { Slot } from "./reader.js";
import type { StatsRollup } from "./rollup.js";
import type { StatsSource, Turn } from "./stats.js";

const log = logger("scheduler");

/**
 * What a run counts, over all its schedulers: while the same statistics follow, their totals go on; another scheduler's
 * begin afresh.
 */
export class RunStats implements StatsSource {
  readonly ended: Promise<void>;
  epoch = 0;
  #current: StatsSource | undefined;
  /** When the first one began, once it has left. */
  #startedAt: bigint | undefined;
  #words: BigUint64Array = new BigUint64Array();
  #accumulator: NativeAccumulator | undefined;
  /** Whether any statistic is a dictionary. */
  #hasKeys = false;
  /** Words that are taken over as they are. */
  #gauges: readonly number[] = [];
  #cpuTotals: CpuTotals | undefined;
  #isByCpu = false;
  #left = false;
  #clear: ClearMode | undefined;
  #end: () => void = () => {};
  readonly #turning = new Callbacks<Turn>();
  readonly #refreshing = new Callbacks<boolean>();
  readonly #forgotten = new ForgottenKeys();
  /** By statistic. */
  readonly #carried = new CarriedKeys(this.#forgotten);

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get schema(): StatsSchema {
    return this.#current?.schema ?? { name: "none", stats: [] };
  }

  get scheduler(): string {
    return this.#current?.scheduler ?? "";
  }

  get startedAt(): bigint {
    return this.#startedAt ?? this.#current?.startedAt ?? process.hrtime.bigint();
  }

  get words(): BigUint64Array {
    return this.#words;
  }

  get index(): readonly number[] {
    return this.#current?.index ?? [];
  }

  get problems(): readonly ScxError[] {
    return [...(this.#current?.problems ?? []), ...this.#forgotten.problems];
  }

  state(): string {
    return this.#current?.state() ?? "disabled";
  }

  /** Of the scheduler that runs now, since its own attach. */
  get by(): ((domain: Domain) => StatsRollup) | undefined {
    const { by } = this.#current ?? {};
    return by?.bind(this.#current);
  }

  byCpu(): readonly CpuPart[] {
    if (this.#clear === "zero") throw zeroedByCpu();
    this.#isByCpu = true;
    this.#cpuTotals ??= new CpuTotals(this.#current?.byCpu?.() ?? [], this.schema, this.#forgotten);
    return this.#cpuTotals.parts;
  }

  slots(stat: number, gone = false): readonly Slot[] {
    return this.#carried.slots(stat, this.#current?.slots?.(stat, gone) ?? []);
  }

  onRefresh(callback: Callback<boolean>): void {
    this.#refreshing.add(callback);
  }

  refresh(): void {
    if (this.#left || !this.#current) return; // its words are complete, and its maps may be gone
    this.#current.refresh();
    this.#accumulator?.advance();
    this.#cpuTotals?.advance();
    for (const word of this.#gauges) this.#words[word] = this.#current.words[word] ?? 0n;
  }

  clearInKernel(mode: ClearMode): void {
    if (this.#clear && this.#clear !== mode) throw otherMode(this.scheduler, this.#clear);
    if (mode === "zero" && this.#isByCpu) throw zeroedByCpu();
    // One that has left is complete: the next one is cleared.
    if (this.#current && !this.#left) {
      const { words } = this.#current;
      this.#current.clearInKernel(mode);
      if (this.#current.words !== words) this.#bind(this.#current);
    }
    this.#clear = mode;
  }

  onTurn(callback: Callback<Turn>): void {
    this.#turning.add(callback);
  }

  /** From here on this one is read; it has counted from its own attach, so nothing is lost before this call. */
  follow(next: StatsSource): void {
    if (this.#clear) this.#clearOf(next, this.#clear);
    this.#forgotten.begin();
    const same = this.#current !== undefined && this.#shapeOf(this.#current) === this.#shapeOf(next);
    if (!same) {
      if (this.#left) this.#turning.call("replaced");
      this.#words = new BigUint64Array(next.words.length);
      this.#carried.clear();
    } else if (this.#left) {
      this.#beforeRefresh(true);
      this.#carryKeys();
    }
    this.#carried.begin(this.#words);
    if (this.#left) {
      this.epoch++;
      this.#startedAt ??= this.#current?.startedAt;
    }
    this.#left = false;
    this.#current = next;
    this.#bind(next);
    next.onRefresh?.((all) => (next === this.#current ? this.#beforeRefresh(all) : false));
    if (!this.#isByCpu) return;
    // At once, not when somebody next asks: this one may have left by then.
    if (same) this.#cpuTotals?.follow(next.byCpu?.() ?? [], this.schema);
    else this.#cpuTotals = new CpuTotals(next.byCpu?.() ?? [], this.schema, this.#forgotten);
  }

  /** The scheduler has left, and another may follow. Its maps may be closed after this call. */
  leave(): void {
    this.#readLast();
    this.#turning.call("left");
  }

  /** The one that was followed never ran, and its maps are about to be closed. */
  forget(): void {
    this.#current = undefined;
    this.#accumulator = undefined;
    this.#gauges = [];
    this.#words = new BigUint64Array();
    this.#carried.clear();
    this.#cpuTotals = undefined;
  }

  /** Nothing will follow. */
  finish(): void {
    this.#readLast();
    this.#end();
  }

  #readLast(): void {
    try {
      this.refresh();
    } catch (error) {
      log.debug(`no last reading of ${this.scheduler}: ${causeOf(error)}`);
    }
    this.#left = true;
  }

  #beforeRefresh(all: boolean): void {
    // The last one may have been asked for past us.
    if (!this.#left && this.#hasKeys) {
      this.#accumulator?.advance();
      this.#cpuTotals?.advance();
    }
    this.#refreshing.call(all);
  }

  /** A key's total goes on where it comes again. */
  #carryKeys(): void {
    this.schema.stats.forEach((stat, number) => {
      if (!isKeyed(stat) || stat.kind !== "counter") return;
      this.#carried.keep(number, this.slots(number), this.#words, this.#current?.former?.(number));
    });
  }

  #bind(source: StatsSource): void {
    const { schema, index, words } = source;
    this.#hasKeys = schema.stats.some(isKeyed);
    this.#accumulator = new native.Accumulator(words, new BigUint64Array(words.length), this.#words);
    // A dictionary's level is what its word went up by since the turn began.
    this.#gauges = schema.stats.flatMap((stat, i) => (stat.kind === "gauge" && !isKeyed(stat) ? [index[i] ?? 0] : []));
  }

  #clearOf(next: StatsSource, mode: ClearMode): void {
    try {
      next.clearInKernel(mode);
    } catch (error) {
      if (!this.#current) throw error;
      log.warn(causeOf(error)); // a fallback that can't is still better than none
    }
  }

  /** What is equal has the same statistics in the same words: those of each CPU too, if anybody asked for them. */
  #shapeOf(source: StatsSource): string {
    const { schema, index, words } = source;
    const parts = this.#isByCpu ? (source.byCpu?.() ?? []) : [];
    const ofCpus = parts.map(({ width, cpus, stats, ...part }) => [part.words.length, width, cpus, [...stats]]);
    return JSON.stringify([schema, index, words.length, ofCpus]);
  }
}
