// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import { ScxError } from "../error.js";
import { type NativeError, type NativeMap, type NativeProgram, native } from "../native/index.js";
import type { StatsSchema } from "../stats/schema.js";
import type { StatsLayout } from "./layout.js";

/**
 * `left`: a scheduler has left and another may follow; what it counted is in `words`. `replaced`: another with other
 * statistics is about to follow, so `schema`, `words` and `index` are other ones after the call.
 */
export type Turn = "left" | "replaced";

/** What a sampler reads: a schema, and one number for each statistic that a call refreshes. */
export interface StatsSource {
  readonly schema: StatsSchema;
  /** The scheduler's name. */
  readonly scheduler: string;
  /** Goes up by one with each scheduler that follows another in this run. */
  readonly epoch: number;
  /** sched_ext's state now. */
  state(): string;
  /** When counting began, by process.hrtime (ns): the attach. */
  readonly startedAt: bigint;
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
   * From now on each refresh also resets the counters in the kernel, and `words` (another array from here on) is what
   * these resets handed to us: exact, however many others reset too. Gauges stay as they are.
   * @throws ScxError ERR_SCX_RESET_UNSUPPORTED
   */
  resetInKernel(): void;
  /** Settles when nothing more will be counted: the scheduler has left. */
  readonly ended: Promise<void>;
  /** Calls back at each turn from one scheduler to the next; absent where there is but one. */
  onTurn?(listener: (turn: Turn) => void): void;
}

/** Where a loaded object's statistics lie, and what reads them. */
export interface StatsParts {
  readonly layout: StatsLayout;
  readonly map: NativeMap;
  readonly reset: NativeProgram | undefined;
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
  readonly #find: () => StatsParts | undefined;
  #found: Reader | undefined;
  #claims: Claims | undefined;
  #state: () => string = () => "disabled";
  #end: () => void = () => {};

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
    return this.#claims?.total ?? this.#reader.sums;
  }

  state(): string {
    return this.#state();
  }

  /** Counting begins now: the scheduler is attached, and says its state from now on. */
  begin(state: () => string): void {
    this.startedAt = process.hrtime.bigint();
    this.#state = state;
  }

  /** Nothing more will be counted. */
  end(): void {
    this.#end();
  }

  refresh(): void {
    const reader = this.#reader;
    try {
      reader.take();
      this.#claims?.take(reader.sums);
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

  resetInKernel(): void {
    const { reset, schema, index, sums } = this.#reader;
    if (!reset)
      throw new ScxError("ERR_SCX_RESET_UNSUPPORTED", {
        op: "reset",
        message: `${this.scheduler} brings no program that resets its statistics in the kernel.`,
        remedy: "Declare them with SCX_STATS of scxkit/stats.h, or do without: each sample's delta is exact anyway.",
      });
    const gauges = schema.stats.flatMap((stat, i) => (stat.kind === "gauge" ? [index[i] ?? 0] : []));
    this.#claims ??= new Claims(reset, sums.length, gauges);
  }

  get #reader(): Reader {
    this.#found ??= reader(this.scheduler, this.#find());
    return this.#found;
  }
}

interface Reader {
  readonly schema: StatsSchema;
  readonly index: readonly number[];
  readonly reset: NativeProgram | undefined;
  readonly sums: BigUint64Array;
  readonly take: () => void;
}

function reader(scheduler: string, parts: StatsParts | undefined): Reader {
  if (!parts)
    return {
      schema: { name: scheduler, stats: [] },
      index: [],
      reset: undefined,
      sums: new BigUint64Array(),
      take() {},
    };
  const { layout, map, reset } = parts;
  const { sums, take } = new native.Snapshot(map);
  return { schema: layout.schema, index: layout.words, reset, sums, take };
}

/**
 * Read-and-reset through the baseline in the kernel: each run of the program moves the baseline up to the counters and
 * hands out the difference, to one caller only. So what all callers got together is what was counted.
 */
class Claims {
  readonly #program: NativeProgram;
  readonly #context: Uint8Array;
  readonly #counters: Counters;
  readonly #gauges: readonly number[];

  constructor(program: NativeProgram, words: number, gauges: readonly number[]) {
    const claimed = new BigUint64Array(words);
    this.#program = program;
    this.#context = new Uint8Array(claimed.buffer);
    this.#counters = new Counters(claimed);
    this.#gauges = gauges;
  }

  get total(): BigUint64Array {
    return this.#counters.total;
  }

  take(sums: BigUint64Array): void {
    const status = this.#program.run(this.#context);
    if (status !== 0)
      throw Object.assign(new Error(`scx_stats_reset returned ${status | 0}`), { errno: -(status | 0) });
    this.#counters.rebase(); // a claim is a difference already
    this.#counters.advance();
    for (const word of this.#gauges) this.total[word] = sums[word] ?? 0n;
  }
}
