// SPDX-License-Identifier: MIT
// An actuator of your own: another time slice while something is wrong. In the config, twice, once with when: ends:
// ./slice_actuator.mjs#Slice: { global: slice_ns, during: 5000000, otherwise: 20000000 }

export class Slice {
  #options;

  constructor(options) {
    this.#options = options;
  }

  #value({ phase }) {
    const { during, otherwise } = this.#options;
    return phase === "begins" ? during : otherwise;
  }

  /** What it would do, for the log. */
  describe(event) {
    return `set ${this.#options.global} to ${this.#value(event)}`;
  }

  /** Only called where the config says enabled: true, and no more often than it allows. */
  act(event, control) {
    control.setGlobal(this.#options.global, this.#value(event));
  }
}
