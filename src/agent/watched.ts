// SPDX-License-Identifier: MIT

import type { SampleProvider } from "../protocol/target.js";
import type { SampledScheduler } from "../sampler/all_stats.js";
import type { Running } from "../sampler/values.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { RunEnd } from "../scheduler/supervise.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import type { Control } from "./actuator.js";

/** What a watched scheduler tells the agent. */
export interface WatchedListener {
  /** @param since when its totals began to count, ns since 1970; undefined where nobody knows */
  sample(schema: StatsSchema, sample: Sample, since: bigint | undefined): void;
  exit(exit: ExitRecord): void;
  /** A scheduler that others run has gone, or doesn't answer any more, and is waited for. */
  away(scheduler: string): void;
  missed(ticks: number): void;
  /** A reading failed. */
  error(error: unknown): void;
}

/** The scheduler that the agent watches: its own, one that runs, or one behind a socket. */
export interface Watched {
  /** What samples of other groups say of the scheduler. */
  running(): Running;
  /** Whether its statistics come now. */
  up(): boolean;
  /** Resolves when nothing will come any more, which only happens to a scheduler of ours. */
  readonly ended: Promise<RunEnd | undefined>;
  /** What is sampled now, for who serves it; absent where samples come ready made. */
  readonly sampler?: SampleProvider & SampledScheduler;
  /** What actuators may do to it, where they may. */
  readonly control?: Control;
  setInterval(intervalMs: number): void;
  /** Stops it, or stops watching it. Idempotent. */
  close(): Promise<void>;
}

/** Nothing is watched. */
export const notRunning: Running = { scheduler: "", state: "disabled", epoch: 0 };
