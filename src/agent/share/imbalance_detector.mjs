// SPDX-License-Identifier: MIT
// A detector of your own: one CPU works while another rests. In the config: ./imbalance_detector.mjs#Imbalance: { limit: 0.5 }

export class Imbalance {
  static options = {
    type: "object",
    additionalProperties: false,
    properties: { limit: { type: "number", default: 0.5, description: "how far the use of two CPUs may differ" } },
  };

  #limit;

  constructor({ limit }) {
    this.#limit = limit;
  }

  /** What is wrong with this sample; an anomaly lasts as long as samples have it. */
  *see({ group, values }) {
    if (group !== "cpu") return;
    const uses = [...values].filter(([name]) => /^cpu\.\d+\.use$/.test(name)).map(([, use]) => use);
    const spread = Math.max(...uses) - Math.min(...uses);
    if (spread > this.#limit)
      yield {
        metric: "cpu.spread",
        value: spread,
        limit: this.#limit,
        why: `the CPUs' use differs by ${spread.toFixed(2)}`,
      };
  }
}
