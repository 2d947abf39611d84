// SPDX-License-Identifier: MIT
import { inspect } from "node:util";
import type { Counters } from "../counters/counters.js";
import { countsAt } from "../source/histogram.js";
import type { Slot } from "../source/reader.js";
import { inWord } from "../source/rollup.js";
import type { StatsSource } from "../source/stats.js";
import {
  type CounterValue,
  type DictionaryValue,
  type GaugeValue,
  isKeyed,
  type Stat,
  type StatValue,
  type StatValues,
} from "../stats/schema.js";
import { u64 } from "../stats/u64.js";
import { blankOf } from "./blank.js";
import type { GoneKeys } from "./gone.js";

/** Where a statistic's value is. */
interface Place {
  readonly stat: Stat;
  /** Its number in the schema. */
  readonly number: number;
  /** Its first word. */
  readonly at: number;
}

/** The places of all statistics of a source, which stay the same as long as its words do: most of a tick's cost would be to find them. */
export interface Places {
  /** Names of the counters of one word, of which there may be hundreds, and the word of each. */
  readonly names: readonly string[];
  readonly words: readonly number[];
  /** Those whose keys come and go. */
  readonly dictionaries: readonly Place[];
  /** All that are no counters of one word. */
  readonly others: readonly Place[];
  /** What has all names, and no values yet. */
  readonly blank: () => StatValues;
}

export function placesOf({ schema, index }: StatsSource): Places {
  const all = schema.stats.map((stat, number): Place => ({ stat, number, at: index[number] ?? 0 }));
  const isCounter = ({ stat }: Place) => stat.kind === "counter" && !isKeyed(stat);
  const counters = all.filter(isCounter);
  return {
    names: counters.map(({ stat }) => stat.name),
    words: counters.map(({ at }) => at),
    dictionaries: all.filter(({ stat }) => isKeyed(stat)),
    others: all.filter((place) => !isCounter(place)),
    blank: blankOf(all.map(({ stat }) => stat.name)),
  };
}

/**
 * What all statistics are, for one consumer: new objects, which nobody changes.
 * @param gone what keys counted for it that aren't there any more
 */
export function statsAt(
  { names, words, others, blank }: Places,
  source: StatsSource,
  counters: Counters,
  gone: GoneKeys | undefined,
): StatValues {
  const { total } = counters;
  const stats = blank();
  // By index: an iterator is an object for each, until this is compiled.
  for (let i = 0; i < names.length; i++) {
    const word = words[i] as number;
    stats[names[i] as string] = { total: total[word] as bigint, delta: counters.deltaAt(word) };
  }
  for (let i = 0; i < others.length; i++) {
    const place = others[i] as Place;
    stats[place.stat.name] = otherAt(place, source, counters, gone);
  }
  return stats;
}

/**
 * The same for a consumer that is done with a sample when it takes the next: the same objects each time. A counter is made a number when
 * it is asked for: to do so with hundreds of them takes as long as the reading, and is all of a tick's garbage.
 */
export class ReusedStats {
  #stats: StatValues | undefined;

  /** {@link statsAt}, in the objects of the last call. */
  at(places: Places, source: StatsSource, counters: Counters, gone: GoneKeys | undefined): StatValues {
    this.#stats ??= viewsOf(places, counters);
    for (let i = 0; i < places.others.length; i++) {
      const place = places.others[i] as Place;
      this.#stats[place.stat.name] = otherAt(place, source, counters, gone);
    }
    return this.#stats;
  }

  /** What was handed out stays as it is: the next call makes other objects, of other counters. */
  leave(): void {
    this.#stats = undefined;
  }
}

function viewsOf({ names, words, blank }: Places, counters: Counters): StatValues {
  const stats = blank();
  for (const [i, name] of names.entries()) stats[name] = new CounterView(counters, words[i] as number);
  return stats;
}

/** A counter as it is in its consumer's baseline, which only that one moves. */
class CounterView implements CounterValue {
  declare readonly total: bigint;
  declare readonly delta: bigint;

  constructor({ total, delta }: Counters, at: number) {
    const one = (of: BigUint64Array) => ({ get: () => of[at] as bigint, enumerable: true });
    Object.defineProperties(this, { total: one(total), delta: one(delta) });
  }

  /** Shown as what it stands for. */
  [inspect.custom](): CounterValue {
    return { ...this };
  }
}

/** A dictionary, a gauge or a histogram. */
function otherAt(
  { stat, number, at }: Place,
  source: StatsSource,
  counters: Counters,
  gone: GoneKeys | undefined,
): StatValue {
  if (!isKeyed(stat)) return valueAt(stat, at, source.words, counters);
  return dictionaryAt(stat, source.slots?.(number) ?? [], source.words, counters, gone?.of(number));
}

/** A dictionary's value. @param gone what its keys counted that aren't there any more */
export function dictionaryAt(
  { kind }: Stat,
  slots: readonly Slot[],
  words: BigUint64Array,
  { total, delta }: Counters,
  gone: Iterable<[string, CounterValue]> = [],
): DictionaryValue {
  if (kind !== "counter") return { entries: levels(slots, words) };
  const counts = ownCounts(slots, total, (word) => delta[word] ?? 0n);
  return { entries: withGone(counts, gone) };
}

/** A gauge's or a histogram's value, whose first word is `at`. */
function valueAt(stat: Stat, at: number, words: BigUint64Array, { total, delta }: Counters): StatValue {
  if (stat.kind === "histogram") return { ...countsAt(total, at), delta: countsAt(delta, at) };
  return { value: inWord(stat, words[at] ?? 0n) };
}

/**
 * What each key has counted; those of one text together. A word may have been another key's before: only what was counted since its
 * key came is that one's.
 * @param total of each word, now
 * @param deltaOf what a word counted since the consumer's last reading
 */
export function ownCounts(
  slots: readonly Slot[],
  total: BigUint64Array,
  deltaOf: (word: number) => bigint,
): Record<string, CounterValue> {
  const entries: Record<string, CounterValue> = Object.create(null);
  for (const { key, word, start, carried = 0n } of slots) {
    const own = u64((total[word] ?? 0n) - start);
    const since: bigint = deltaOf(word);
    const same = entries[key];
    entries[key] = {
      total: u64(own + carried + (same?.total ?? 0n)),
      delta: u64((since < own ? since : own) + (same?.delta ?? 0n)),
    };
  }
  return entries;
}

/** With what those counted that went since the last reading. */
function withGone(
  entries: Record<string, CounterValue>,
  gone: Iterable<[string, CounterValue]>,
): Record<string, CounterValue> {
  for (const [key, last] of gone) {
    const now = entries[key]; // it came back
    entries[key] = now ? { total: now.total, delta: u64(now.delta + last.delta) } : last;
  }
  return entries;
}

function levels(slots: readonly Slot[], words: BigUint64Array): Record<string, GaugeValue<bigint>> {
  const entries: Record<string, GaugeValue<bigint>> = Object.create(null);
  for (const { key, word, start } of slots)
    entries[key] = { value: BigInt.asIntN(64, (words[word] ?? 0n) - start + (entries[key]?.value ?? 0n)) };
  return entries;
}
