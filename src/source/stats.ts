// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { Domain } from "../kernel/topology.js";
import type { NativeError, NativeProgram } from "../native/index.js";
import type { StatsSchema, StatValues } from "../stats/schema.js";
import { type Callback, Callbacks } from "./callbacks.js";
import { type Claims, resetClaims, zeroClaims } from "./claims.js";
import { type ClearMode, otherMode, readBefore, zeroedByCpu } from "./clear_mode.js";
import { type CpuPart, JoinedReaders } from "./joined.js";
import type { Reader, Slot } from "./reader.js";
import { rollup, type StatsRollup } from "./rollup.js";

/**
 * `left`: a scheduler has left and another may follow; what it counted is in `words`. `replaced`: another with other
 * statistics is about to follow, so `schema`, `words` and `index` are other ones after the call.
 */
export type Turn = "left" | "replaced";

declare const statValues: unique symbol;

/** What a sampler reads: a schema, and one number for each statistic that a call refreshes. */
export interface StatsSource<S extends StatValues = StatValues> {
  /** Only for the compiler: what {@link Sample.stats} of it is. */
  readonly [statValues]?: S;
  readonly schema: StatsSchema;
  /** The scheduler's name. */
  readonly scheduler: string;
  /** Goes up by one with each scheduler that follows another in this run. */
  readonly epoch: number;
  /** sched_ext's state now. */
  state(): string;
  /** When counting began, by process.hrtime (ns): the attach. */
  readonly startedAt: bigint;
  /** It had counted for a while when we came: who consumes it from now on is told what is counted from now on, beside totals. */
  readonly isLate?: boolean;
  /** One u64 a word, bound once; {@link refresh} fills it. */
  readonly words: BigUint64Array;
  /** Index into `words` of each statistic, in the schema's order. */
  readonly index: readonly number[];
  /**
   * Reads the kernel once, without allocating.
   * @throws ScxError ERR_SCX_MAP_READ, ERR_SCX_CLOSED
   */
  refresh(): void;
  /**
   * From now on each refresh also clears the counters in the kernel, and `words` (another array from here on) is the sum of what
   * was cleared. Gauges stay as they are. All who sample the source share it; where it is so already, nothing changes.
   * @throws ScxError ERR_SCX_RESET_UNSUPPORTED, ERR_SCX_USAGE (once it was read, in another mode, or for zero what each CPU has is
   * asked for)
   */
  clearInKernel(mode: ClearMode): void;
  /**
   * Why some statistics can't be read: they are not in the schema, or their words have stood still since the last refresh. The
   * others are read all the same.
   */
  readonly problems?: readonly ScxError[];
  /** The keys of a statistic that is a dictionary, as of the last refresh; or only those that were not there any more. */
  slots?(stat: number, gone?: boolean): readonly Slot[];
  /** What keys of it had counted that {@link slots} hasn't, as they went before: a key's total goes on when it comes again. */
  former?(stat: number): Iterable<[string, bigint]>;
  /**
   * Calls back before each refresh, whoever asks for it: keys that had gone at the last one are forgotten by it, or `all`, as another
   * scheduler follows. Until it answers with false.
   */
  onRefresh?(callback: Callback<boolean>): void;
  /**
   * What is kept per CPU, summed over each CPU, core, last-level cache or NUMA node; bound for as long as the CPUs stay the
   * same. Absent where there is nothing per CPU.
   */
  readonly by?: ((domain: Domain) => StatsRollup) | undefined;
  /**
   * From now on each refresh also keeps what each CPU has, with words of their own that are other ones only when `words` is.
   * Absent where nothing is known of CPUs.
   * @throws ScxError ERR_SCX_USAGE where counters are zeroed
   */
  byCpu?(): readonly CpuPart[];
  /** Settles when nothing more will be counted: the scheduler has left. */
  readonly ended: Promise<void>;
  /** Calls back at each turn from one scheduler to the next, until it answers with false; absent where there is but one. */
  onTurn?(callback: Callback<Turn>): void;
}

/** What reads a loaded object's statistics. */
export interface StatsParts {
  /** The struct that declares them, or the scheduler's name. */
  readonly name: string;
  readonly readers: readonly Reader[];
  /** Why some that look like statistics can't be read. */
  readonly problems?: readonly ScxError[];
  /** What resets them in the kernel; its context is the only reader's words. */
  readonly reset?: NativeProgram | undefined;
}

/**
 * A loaded scheduler's statistics: a per-CPU map, summed over CPUs in one native call. An object that declares none has
 * an empty schema, so that its state can still be sampled.
 */
export class LoadedStats implements StatsSource {
  readonly scheduler: string;
  readonly epoch = 0;
  readonly ended: Promise<void>;
  startedAt = process.hrtime.bigint();
  isLate = false;
  #closed = false;
  readonly #find: () => StatsParts | undefined;
  #parts: StatsParts | undefined;
  #found: JoinedReaders | undefined;
  #mode: ClearMode | undefined;
  #claims: Claims | undefined;
  #wasRead = false;
  #isByCpu = false;
  #state: () => string = () => "disabled";
  #end: () => void = () => {};
  readonly #refreshing = new Callbacks<boolean>();

  /** @param find says where the statistics are; asked when they are first wanted */
  constructor(scheduler: string, find: () => StatsParts | undefined) {
    this.scheduler = scheduler;
    this.#find = find;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get schema(): StatsSchema {
    return this.#reader.schema;
  }

  get index(): readonly number[] {
    return this.#reader.index;
  }

  get words(): BigUint64Array {
    return this.#claims?.total ?? this.#reader.words;
  }

  get problems(): readonly ScxError[] {
    return [...(this.#parts?.problems ?? []), ...(this.#found?.failed ?? [])];
  }

  state(): string {
    return this.#state();
  }

  slots(stat: number, gone = false): readonly Slot[] {
    return this.#reader.slots(stat, gone);
  }

  former(stat: number): Iterable<[string, bigint]> {
    return this.#reader.former(stat);
  }

  onRefresh(callback: Callback<boolean>): void {
    this.#refreshing.add(callback);
  }

  by(domain: Domain): StatsRollup {
    return rollup(this.schema, this.#mode === "zero" ? [] : this.byCpu(), domain, () => this.refresh());
  }

  byCpu(): readonly CpuPart[] {
    if (this.#mode === "zero") throw zeroedByCpu();
    this.#isByCpu = true;
    return this.#reader.byCpu();
  }

  /** Counting begins now: the scheduler is attached, and says its state from now on. */
  begin(state: () => string): void {
    this.startedAt = process.hrtime.bigint();
    this.#state = state;
  }

  /** Another has attached it. @param age ns since then */
  beginLate(state: () => string, age: bigint): void {
    this.startedAt = process.hrtime.bigint() - age;
    this.#state = state;
    this.isLate = true;
  }

  /** Its maps are about to be closed: what was read last stays. */
  close(): void {
    this.#closed = true;
    this.end();
  }

  /** Nothing more will be counted. */
  end(): void {
    this.#end();
  }

  refresh(): void {
    if (this.#closed) return;
    const reader = this.#reader;
    this.#refreshing.call(false);
    try {
      reader.take();
      this.#wasRead = true;
      this.#claims?.take(reader.words);
    } catch (cause) {
      const { errno, message } = cause as NativeError;
      throw new ScxError(errno === undefined ? "ERR_SCX_CLOSED" : "ERR_SCX_MAP_READ", {
        op: "read",
        message: `The statistics of ${this.scheduler} can't be read: ${message}.`,
        remedy:
          errno === undefined
            ? "Read them before the loaded object is closed."
            : "Report it with this text if the map exists still.",
        errno,
        cause,
      });
    }
  }

  clearInKernel(mode: ClearMode): void {
    if (this.#mode === mode) return;
    if (this.#mode) throw otherMode(this.scheduler, this.#mode);
    const reader = this.#reader;
    const claims = mode === "reset" ? resetClaims(this.scheduler, reader, this.#parts?.reset) : undefined;
    if (mode === "zero" && this.#isByCpu) throw zeroedByCpu();
    if (this.#wasRead) throw readBefore(this.scheduler);
    // Only now: to try whether zeros can be written has the addon read each CPU's values, for good.
    this.#claims = claims ?? zeroClaims(this.scheduler, reader);
    this.#mode = mode;
  }

  get #reader(): JoinedReaders {
    this.#parts ??= this.#find() ?? { name: this.scheduler, readers: [] };
    this.#found ??= new JoinedReaders(this.#parts.name, this.#parts.readers);
    return this.#found;
  }
}
