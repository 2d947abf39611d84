// SPDX-License-Identifier: MIT
import type { ObjectSettings } from "./config.js";
import type { Anomaly } from "./detector.js";

/** An anomaly that begins or ends. */
export interface AnomalyEvent extends Anomaly {
  /** The detector's name. */
  readonly detector: string;
  readonly phase: "begins" | "ends";
  /** The group and scheduler of the sample that it was seen in. */
  readonly group: string;
  readonly scheduler: string;
  /** ns since 1970. */
  readonly at: bigint;
  /** It ends because nobody looks any more, by another config: its group isn't collected, or the detector is gone. */
  readonly unseen?: true;
  /** It ends because the scheduler's statistics have: it is away, or another one has taken its place. */
  readonly gone?: true;
}

/** What an actuator may do: only to a scheduler that the agent itself runs. */
export interface Control {
  /** The scheduler that runs now; undefined between two of them, or where the agent runs none. */
  readonly scheduler: string | undefined;
  /**
   * Writes a global variable, or a part of it, in the kernel's memory; a restart of the same scheduler begins with it.
   * @throws ScxError ERR_SCX_NOT_RUNNING, ERR_SCX_GLOBAL_UNKNOWN, ERR_SCX_VALUE, ERR_SCX_USAGE for one in .rodata
   */
  setGlobal(name: string, value: unknown): void;
  /** Replaces the scheduler by another. @throws ScxError what opening, loading and attaching it throw; then the former one goes on, if it can */
  switchTo(object: ObjectSettings): Promise<void>;
}

/** Answers anomalies. It is asked when one begins, or ends, no more often than the config allows, and only where that enables it. */
export interface Actuator {
  /** What it would do, in a few words for the log. */
  describe?(event: AnomalyEvent): string;
  act(event: AnomalyEvent, control: Control): void | Promise<void>;
}

/** Allows so many actions within a time. */
export class Allowance {
  readonly #times: number;
  readonly #perMs: number;
  #recent: number[] = [];

  constructor(times: number, perMs: number) {
    this.#times = times;
    this.#perMs = perMs;
  }

  /**
   * Whether one more is allowed; if so, it counts.
   * @param now ms of a monotonic clock
   */
  take(now: number): boolean {
    this.#recent = this.#recent.filter((at) => now - at < this.#perMs);
    if (this.#recent.length >= this.#times) return false;
    this.#recent.push(now);
    return true;
  }
}
