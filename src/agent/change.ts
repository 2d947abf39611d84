// SPDX-License-Identifier: MIT
import {
  type Anomaly,
  beyond,
  Chosen,
  type Detector,
  type Limits,
  type MetricOptions,
  metricOption,
  type SeenSample,
  shown,
} from "./detector.js";

interface ChangeOptions extends MetricOptions, Limits {}

/** Detector `change`: a value that grows or falls too fast, from one sample to the next. */
class Change implements Detector {
  readonly #options: ChangeOptions;
  readonly #chosen: Chosen;
  /** Each source's last sample. */
  readonly #last = new Map<string, ReadonlyMap<string, number>>();

  constructor(options: ChangeOptions) {
    this.#options = options;
    this.#chosen = new Chosen(options.metric);
  }

  *see(sample: SeenSample): Generator<Anomaly> {
    const { severity } = this.#options;
    const last = this.#last.get(sample.source);
    const values = new Map(this.#chosen.of(sample));
    this.#last.set(sample.source, values);
    if (!last || sample.interval <= 0n) return;
    for (const [metric, value] of values) {
      const before = last.get(metric);
      if (before === undefined) continue;
      const change = (value - before) / (Number(sample.interval) / 1e9);
      const found = beyond(change, this.#options);
      if (!found) continue;
      const { limit, side } = found;
      yield { metric, value, limit, severity, why: `it changes by ${shown(change)} a second, ${side}` };
    }
  }

  forget(source: string): void {
    this.#last.delete(source);
  }
}

export const detector = {
  options: {
    type: "object",
    additionalProperties: false,
    description: "a value that grows or falls too fast",
    properties: {
      ...metricOption,
      above: { type: "number", description: "what it may change by a second at most" },
      below: { type: "number", description: "what it may change by a second at least: negative for a fall" },
    },
    required: ["metric"],
    anyOf: [{ required: ["above"] }, { required: ["below"] }],
  },
  create: (options: ChangeOptions): Detector => new Change(options),
};
