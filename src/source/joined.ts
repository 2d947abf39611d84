// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, type ScxError } from "../error.js";
import type { NativeError } from "../native/index.js";
import type { StatsSchema } from "../stats/schema.js";
import { unreadable } from "./plan.js";
import type { CpuWords, Reader, Slot } from "./reader.js";

const log = logger("scheduler");

/** What one reader finds on each CPU, and which statistics these are. */
export interface CpuPart extends CpuWords {
  /** The first word of each statistic in a CPU's row, by its number in the schema, as {@link slots} takes it. */
  readonly stats: ReadonlyMap<number, number>;
}

/** Several readers as one: their words one after the other. One that fails doesn't keep the others from reading. */
export class JoinedReaders {
  readonly schema: StatsSchema;
  readonly index: readonly number[];
  readonly words: BigUint64Array;
  /** Reads all. Needs no `this`. Throws what the addon throws, when all of them fail. */
  readonly take: () => void;
  readonly #readers: readonly Reader[];
  /** The first word of each reader. */
  readonly #begins: readonly number[];
  readonly #takes: readonly (() => void)[];
  readonly #places: readonly { readonly reader: Reader; readonly stat: number; readonly begin: number }[];
  /** By reader. */
  readonly #failed = new Map<number, ScxError>();
  #byCpu: CpuPart[] | undefined;

  constructor(name: string, readers: readonly Reader[]) {
    let length = 0;
    const begins = readers.map((reader) => {
      length += reader.words.length;
      return length - reader.words.length;
    });
    const [only] = readers;
    this.schema = { name, stats: readers.flatMap((reader) => reader.stats) };
    this.words = only && readers.length === 1 ? only.words : new BigUint64Array(length);
    this.#readers = readers;
    this.#begins = begins;
    this.#takes = readers.map((reader, i) => this.#taking(i, reader.take));
    this.take = this.#takeOf();
    this.#places = readers.flatMap((reader, i) =>
      [...reader.stats.keys()].map((stat) => ({ reader, stat, begin: begins[i] ?? 0 })),
    );
    this.index = this.#places.map(({ reader, stat, begin }) => begin + (reader.index[stat] ?? 0));
  }

  /** Why some readers failed at the last reading, and their words are what they were before; or what they left out. */
  get failed(): readonly ScxError[] {
    return [...this.#failed.values(), ...this.#readers.flatMap((reader) => reader.problems?.() ?? [])];
  }

  #takeAll(): void {
    let failures = 0;
    let last: unknown;
    for (let i = 0; i < this.#takes.length; i++) {
      try {
        (this.#takes[i] as () => void)();
        if (this.#failed.size > 0) this.#failed.delete(i);
      } catch (cause) {
        failures++;
        last = cause;
        this.#fail(i, cause as NativeError);
      }
    }
    if (failures > 0 && failures === this.#takes.length) throw last;
  }

  /** Names of the maps whose values can't be zeroed. */
  get lasting(): string[] {
    return this.#readers.flatMap(({ name, zero }) => (zero ? [] : [name]));
  }

  /** What zeroing these words would write over as well, by the place of the first in each map. */
  spoiled(chosen: Uint8Array): string[] {
    return this.#readers.flatMap(({ words, spoiled }, i) => {
      const begin = this.#begins[i] ?? 0;
      return spoiled?.(chosen.subarray(begin, begin + words.length)) ?? [];
    });
  }

  /** Zeroes the chosen words, those with a 1, after a reading; what they are then is what was counted in them since the last time. */
  zero(chosen: Uint8Array): void {
    this.#readers.forEach((reader, i) => {
      const begin = this.#begins[i] ?? 0;
      const ours = chosen.subarray(begin, begin + reader.words.length);
      if (!this.#failed.has(i)) {
        reader.zero?.(ours);
        if (reader.words !== this.words) this.words.set(reader.words, begin);
      }
      // What stands there still was cleared before.
      else for (const [word, is] of ours.entries()) if (is) this.words[begin + word] = 0n;
    });
  }

  /** From now on each reading also keeps what each CPU has. */
  byCpu(): readonly CpuPart[] {
    this.#byCpu ??= this.#readers.flatMap((reader): CpuPart[] => {
      const cpus = reader.byCpu?.();
      if (!cpus) return [];
      const first = this.#places.findIndex((place) => place.reader === reader);
      const { slots, former } = cpus;
      return [
        {
          ...cpus,
          stats: new Map(reader.index.map((word, at) => [first + at, word])),
          ...(slots && { slots: (stat, gone) => slots(stat - first, gone) }),
          ...(former && { former: (stat) => former(stat - first) }),
        },
      ];
    });
    return this.#byCpu;
  }

  /** A single reader needs nobody around it: its failure is that of all. */
  #takeOf(): () => void {
    const [only] = this.#takes;
    return only && this.#takes.length === 1 ? only : () => this.#takeAll();
  }

  /** The keys of a statistic that is a dictionary; or only those that have gone since the reading before the last. */
  slots(number: number, gone = false): readonly Slot[] {
    const place = this.#places[number];
    const slots = place?.reader.slots?.(place.stat, gone) ?? [];
    return place && place.begin > 0 ? slots.map((slot) => ({ ...slot, word: slot.word + place.begin })) : slots;
  }

  /** What keys of a dictionary had counted that {@link slots} hasn't. */
  former(number: number): Iterable<[string, bigint]> {
    const place = this.#places[number];
    return place?.reader.former?.(place.stat) ?? [];
  }

  #taking(i: number, take: () => void): () => void {
    const { words } = this.#readers[i] as Reader;
    const begin = this.#begins[i];
    if (words === this.words) return take;
    return () => {
      take();
      this.words.set(words, begin);
    };
  }

  #fail(i: number, cause: NativeError): void {
    const isNew = !this.#failed.has(i);
    const error = unreadable((this.#readers[i] as Reader).name, cause);
    this.#failed.set(i, error);
    if (isNew) log.warn(causeOf(error));
  }
}
