// SPDX-License-Identifier: MIT
import { addTo, lengths, type Numbers, NumbersReader, NumbersWriter, type Shape, shapeOf } from "./numbers.js";
import type { Sample, StatsSchema, StatValue, StatValues } from "./schema.js";

/** A shape, and the room that its numbers take. */
interface Layout extends Readonly<ReturnType<typeof lengths>> {
  readonly shape: Shape;
}

/** The last layout of each schema's samples; the next one mostly has the same. */
const layouts = new WeakMap<StatsSchema, Layout>();

/**
 * A sample that is kept for a while, as two arrays of numbers. As thousands of small objects, which it is otherwise, each collection of
 * garbage would copy it while it is young: pauses of milliseconds for the thread that samples.
 */
export class PackedSample {
  /** The sample without its values. */
  readonly about: Sample;
  readonly #layout: Layout;
  readonly #numbers: Numbers;
  /** Whether its deltas are sums, which nobody else has. */
  readonly #isMerged: boolean;

  private constructor(about: Sample, layout: Layout, numbers: Numbers, isMerged = false) {
    this.about = about;
    this.#layout = layout;
    this.#numbers = numbers;
    this.#isMerged = isMerged;
  }

  /** Packs a sample of that schema; undefined where a count is more than u64. */
  static of(schema: StatsSchema, sample: Sample): PackedSample | undefined {
    const values = allOf(sample);
    const about = { ...sample, stats: {}, ...(sample.by && { by: {} }) };
    const known = layouts.get(schema);
    const numbers = known && written(known, values);
    if (numbers) return new PackedSample(about, known, numbers);
    const shape = shapeOf(values);
    const layout = { shape, ...lengths(shape) };
    layouts.set(schema, layout);
    const anew = written(layout, values);
    return anew && new PackedSample(about, layout, anew);
  }

  /** How many values it has. */
  get size(): number {
    return this.#layout.numbers + this.#numbers.others.length;
  }

  /**
   * What {@link mergedSample} makes of it and the next one; undefined where they have to be unpacked for it. The merged one takes its place:
   * behind a dead sink that happens each tick, and then takes no further room.
   */
  mergedWith(later: PackedSample): PackedSample | undefined {
    if (this.#layout !== later.#layout) return undefined;
    const deltas = this.#isMerged ? this.#numbers.deltas : this.#numbers.deltas.slice();
    addTo(deltas, later.#numbers.deltas);
    const about = { ...later.about, interval: this.about.interval + later.about.interval };
    return new PackedSample(about, later.#layout, { ...later.#numbers, deltas }, true);
  }

  unpacked(): Sample {
    const value = new NumbersReader(this.#numbers).read(this.#layout.shape) as SampleValue;
    return { ...this.about, ...samplePartsOf(value) };
  }
}

function written(layout: Layout, values: StatValue): Numbers | undefined {
  const writer = new NumbersWriter(layout);
  if (!writer.write(layout.shape, values)) return undefined;
  const { numbers, deltas, others } = writer;
  return { numbers, deltas, others };
}

type Groups = Readonly<Record<string, { readonly entries: StatValues }>>;

/** All values of a sample as one. */
type SampleValue = {
  entries: { stats: { entries: StatValues }; by?: { entries: Record<string, { entries: Groups }> } };
};

function allOf({ stats, by }: Sample): StatValue & SampleValue {
  if (!by) return { entries: { stats: { entries: stats } } };
  const domains = mapped(by, (groups = {}) => ({
    entries: mapped(groups, (values) => ({ entries: values as StatValues })),
  }));
  return { entries: { stats: { entries: stats }, by: { entries: domains } } };
}

function samplePartsOf({ entries: { stats, by } }: SampleValue): Pick<Sample, "stats" | "by"> {
  if (!by) return { stats: stats.entries };
  const domains = mapped(by.entries, ({ entries }) => mapped(entries, (group) => group.entries));
  return { stats: stats.entries, by: domains };
}

const mapped = <T, U>(object: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
