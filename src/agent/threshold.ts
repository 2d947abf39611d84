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

interface ThresholdOptions extends MetricOptions, Limits {
  forMs: number;
}

/** Detector `threshold`: a value over or under a limit, for a while. */
class Threshold implements Detector {
  readonly #options: ThresholdOptions;
  readonly #chosen: Chosen;
  /** For how many ns each has been out of its limits, by source: as of its last sample, so that one that was gone begins anew. */
  readonly #lasted = new Map<string, ReadonlyMap<string, bigint>>();

  constructor(options: ThresholdOptions) {
    this.#options = options;
    this.#chosen = new Chosen(options.metric);
  }

  *see(sample: SeenSample): Generator<Anomaly> {
    const { forMs, severity } = this.#options;
    const before = this.#lasted.get(sample.source);
    const now = new Map<string, bigint>();
    this.#lasted.set(sample.source, now);
    for (const [metric, value] of this.#chosen.of(sample)) {
      const found = beyond(value, this.#options);
      if (!found) continue;
      const known = before?.get(metric);
      const lasted = known === undefined ? 0n : known + sample.interval;
      now.set(metric, lasted);
      if (Number(lasted) / 1e6 < forMs) continue;
      const { limit, side } = found;
      const long = forMs > 0 ? ` for ${forMs / 1000} s` : "";
      yield { metric, value, limit, severity, why: `${shown(value)} is ${side}${long}` };
    }
  }

  forget(source: string): void {
    this.#lasted.delete(source);
  }
}

export const detector = {
  options: {
    type: "object",
    additionalProperties: false,
    description: "a value over or under a limit, for a while",
    properties: {
      ...metricOption,
      above: { type: "number", description: "what it may be at most" },
      below: { type: "number", description: "what it may be at least" },
      forMs: { type: "number", minimum: 0, default: 0, description: "ms that it must have been so" },
    },
    required: ["metric"],
    anyOf: [{ required: ["above"] }, { required: ["below"] }],
  },
  create: (options: ThresholdOptions): Detector => new Threshold(options),
};
