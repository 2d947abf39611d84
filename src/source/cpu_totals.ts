// SPDX-License-Identifier: MIT
import { type NativeAccumulator, native } from "../native/index.js";
import type { StatsSchema } from "../stats/schema.js";
import type { CpuPart } from "./joined.js";

/** What each CPU counts over several turns of a scheduler: totals go on, gauges are what they are. */
export class CpuTotals {
  /** With words of our own. */
  readonly parts: readonly CpuPart[];
  #turn: readonly { part: CpuPart; accumulator: NativeAccumulator }[] = [];
  readonly #gauges: readonly (readonly number[])[];

  constructor(parts: readonly CpuPart[], schema: StatsSchema) {
    this.parts = parts.map((part) => ({ ...part, words: new BigUint64Array(part.words.length) }));
    this.#gauges = parts.map(({ stats, cpus, width }) =>
      [...stats].flatMap(([stat, word]) =>
        schema.stats[stat]?.kind === "gauge" ? cpus.map((_, row) => row * width + word) : [],
      ),
    );
    this.follow(parts);
  }

  /** From here on these are read, which have counted since their own attach. */
  follow(parts: readonly CpuPart[]): void {
    this.#turn = parts.map((part, i) => {
      const { words } = this.parts[i] as CpuPart;
      return { part, accumulator: new native.Accumulator(part.words, new BigUint64Array(words.length), words) };
    });
  }

  /** Takes over what was read. */
  advance(): void {
    this.#turn.forEach(({ part, accumulator }, i) => {
      accumulator.advance();
      const { words } = this.parts[i] as CpuPart;
      for (const word of this.#gauges[i] ?? []) words[word] = part.words[word] ?? 0n;
    });
  }
}
