// SPDX-License-Identifier: MIT
import {
  type Anomaly,
  Chosen,
  type Detector,
  type MetricOptions,
  metricOption,
  type SeenSample,
  shown,
} from "./detector.js";

interface ZscoreOptions extends MetricOptions {
  sigma: number;
  window: number;
  least: number;
}

/** By how much of themselves floats may differ that are meant to be the same. */
const rounding = 1e-12;

/** The last values of one metric; the oldest is overwritten. */
class Window {
  readonly #values: number[] = [];
  readonly #size: number;
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  get length(): number {
    return this.#values.length;
  }

  push(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** Summed afresh: running sums would drift over a week. The deviation of what never changed is 0, however its mean is rounded. */
  moments(): { mean: number; deviation: number } {
    const count = this.#values.length;
    const mean = this.#values.reduce((sum, value) => sum + value, 0) / count;
    const squares = this.#values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const least = this.#values.reduce((one, other) => Math.min(one, other), mean);
    const most = this.#values.reduce((one, other) => Math.max(one, other), mean);
    const flat = most - least <= rounding * Math.max(Math.abs(least), Math.abs(most));
    return { mean, deviation: flat ? 0 : Math.sqrt(squares / count) };
  }
}

/** Detector `zscore`: a value far from what it was of late, in standard deviations. */
class Zscore implements Detector {
  readonly #options: ZscoreOptions;
  readonly #chosen: Chosen;
  /** By source, of its last sample's metrics: those that come and go would fill the memory. */
  readonly #windows = new Map<string, ReadonlyMap<string, Window>>();

  constructor(options: ZscoreOptions) {
    this.#options = options;
    this.#chosen = new Chosen(options.metric);
  }

  *see(sample: SeenSample): Generator<Anomaly> {
    const { sigma, window: size, least, severity } = this.#options;
    const before = this.#windows.get(sample.source);
    const now = new Map<string, Window>();
    this.#windows.set(sample.source, now);
    for (const [metric, value] of this.#chosen.of(sample)) {
      const window = before?.get(metric) ?? new Window(size);
      now.set(metric, window);
      const { mean, deviation } = window.moments();
      // An outlier counts as well from here on: what stays is the new normal.
      const enough = window.length >= Math.min(least, size);
      window.push(value);
      // Of what never changed any change is infinitely far, which tells nothing.
      if (!enough || deviation === 0) continue;
      const score = (value - mean) / deviation;
      if (Math.abs(score) <= sigma) continue;
      const side = score > 0 ? "over" : "under";
      const why = `${shown(value)} is ${Math.abs(score).toFixed(1)} standard deviations ${side} the mean of ${shown(mean)}`;
      yield { metric, value, limit: mean + Math.sign(score) * sigma * deviation, severity, why };
    }
  }

  forget(source: string): void {
    this.#windows.delete(source);
  }
}

export const detector = {
  options: {
    type: "object",
    additionalProperties: false,
    description: "a value far from what it was of late",
    properties: {
      ...metricOption,
      sigma: {
        type: "number",
        exclusiveMinimum: 0,
        default: 3,
        description: "standard deviations from the mean that are too many",
      },
      window: { type: "integer", minimum: 2, maximum: 100_000, default: 60, description: "samples that make the mean" },
      least: {
        type: "integer",
        minimum: 2,
        default: 10,
        description: "samples that there must be before it says anything, at most a window's",
      },
    },
    required: ["metric"],
  },
  create: (options: ZscoreOptions): Detector => new Zscore(options),
};
