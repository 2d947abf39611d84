// SPDX-License-Identifier: MIT
import { type NativeAccumulator, native } from "../native/index.js";
import type { StatsSchema } from "../stats/schema.js";
import type { CpuPart } from "./joined.js";
import { CarriedKeys, type ForgottenKeys } from "./keyed.js";
import type { Slot } from "./reader.js";

/** What each CPU counts over several turns of a scheduler: totals go on, gauges are what they are. */
export class CpuTotals {
  /** With words of our own. */
  readonly parts: readonly CpuPart[];
  #turn: readonly { part: CpuPart; accumulator: NativeAccumulator }[] = [];
  readonly #gauges: readonly (readonly number[])[];
  /** Of each part; of it, by statistic and row. */
  readonly #carried: readonly CarriedKeys[];

  constructor(parts: readonly CpuPart[], schema: StatsSchema, forgotten: ForgottenKeys) {
    this.#carried = parts.map(() => new CarriedKeys(forgotten));
    this.parts = parts.map(({ words, used, slots, former: _, ...part }, i) => ({
      ...part,
      words: new BigUint64Array(words.length),
      ...(used && { used: new BigUint64Array(1) }),
      ...(slots && { slots: (stat, gone) => this.#slots(i, stat, gone) }),
    }));
    this.#gauges = parts.map(({ stats, cpus, width, slots }) =>
      [...stats].flatMap(([stat, word]) =>
        schema.stats[stat]?.kind === "gauge" && !slots ? cpus.map((_, row) => row * width + word) : [],
      ),
    );
    this.#begin(parts);
  }

  /** From here on these are read, which have counted since their own attach. */
  follow(parts: readonly CpuPart[], schema: StatsSchema): void {
    this.parts.forEach(({ stats, slots, cpus, words }, i) => {
      const turn = this.#turn[i]?.part;
      for (const stat of slots && turn ? stats.keys() : [])
        if (schema.stats[stat]?.kind === "counter") {
          const former = turn?.former?.(stat);
          slots?.(stat).forEach((row, at) => {
            this.#carried[i]?.keep(stat * cpus.length + at, row, words, former?.[at]);
          });
        }
    });
    this.#begin(parts);
  }

  #begin(parts: readonly CpuPart[]): void {
    this.#turn = parts.map((part, i) => {
      const { words, used } = this.parts[i] as CpuPart;
      if (used) this.#carried[i]?.begin(words.subarray(0, Number(used[0])));
      return {
        part,
        accumulator: new native.Accumulator(part.words, new BigUint64Array(words.length), words, part.used),
      };
    });
  }

  /** Takes over what was read. */
  advance(): void {
    this.#turn.forEach(({ part, accumulator }, i) => {
      accumulator.advance();
      const { words, used } = this.parts[i] as CpuPart;
      // What another turn put behind them is to be looked at still.
      if (used && part.used) used[0] = (part.used[0] ?? 0n) > (used[0] ?? 0n) ? (part.used[0] ?? 0n) : (used[0] ?? 0n);
      for (const word of this.#gauges[i] ?? []) words[word] = part.words[word] ?? 0n;
    });
  }

  #slots(i: number, stat: number, gone: boolean | undefined): readonly (readonly Slot[])[] {
    const part = this.#turn[i]?.part;
    const rows = part?.slots?.(stat, gone) ?? [];
    return rows.map((row, at) => this.#carried[i]?.slots(stat * rows.length + at, row) ?? []);
  }
}
