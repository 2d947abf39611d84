// SPDX-License-Identifier: MIT
import { type ExitRecord, isError } from "./exit.js";

/**
 * Whether a scheduler that has failed is started again, in systemd's words. `always` also restarts one that left in good
 * order by itself. Neither restarts one that was stopped by its user, or by SysRq-S.
 */
export const restartPolicies = ["no", "on-failure", "always"] as const;
export type RestartPolicy = (typeof restartPolicies)[number];

export interface RestartOptions {
  /** `no` unless given. What the kernel asks for, as after a CPU came or went, is done under any. */
  policy?: RestartPolicy;
  /** ms before the first restart after a failure; doubles with each further one in the window. 500 unless given. */
  delayMs?: number;
  /** ms that the delay doubles up to; 30000 unless given, or `delayMs` where that is more. */
  maxDelayMs?: number;
  /** How many restarts there may be within the window before a scheduler is given up; 5 unless given. */
  limit?: number;
  /** The window, in ms; 60000 unless given. */
  windowMs?: number;
}

/** Why a scheduler doesn't run any more, as far as restarting goes. */
export type Outcome = "restart asked" | "failed" | "left" | "stopped";

/** What a scheduler's exit means. The exit code's action counts for the kinds whose code is meant for user space only. */
export function outcomeOf(exit: ExitRecord): Outcome {
  if (isError(exit)) return "failed";
  if (exit.kind === "unreg_bpf" || exit.kind === "unreg_kern")
    return exit.decoded.action === "restart" ? "restart asked" : "left";
  return exit.kind === "sysrq" || exit.kind === "unreg" ? "stopped" : "left";
}

/** A run shorter than this, in ms, doesn't get its restart at once though one was asked for: it may ask for ever. */
const shortRunMs = 1000;

/** Decides about one scheduler's restarts: exponential backoff with jitter, within a budget. */
export class RestartPlan {
  readonly #options: Required<RestartOptions>;
  readonly #random: () => number;
  /** When restarts after failures were decided, in ms; those within the window. */
  #recent: number[] = [];
  #shortRuns = 0;

  /** @param random from 0 to 1, for the jitter */
  constructor(options: RestartOptions = {}, random: () => number = Math.random) {
    const { policy = "no", delayMs = 500, limit = 5, windowMs = 60_000 } = options;
    const { maxDelayMs = Math.max(30_000, delayMs) } = options;
    this.#options = { policy, delayMs, maxDelayMs, limit, windowMs };
    this.#random = random;
  }

  /**
   * What to do now.
   * @param now ms of a monotonic clock
   * @param ranMs how long it ran; 0 when it could not be started
   * @returns the delay in ms until the restart; undefined when there is to be none
   */
  next(outcome: Outcome, now: number, ranMs: number): number | undefined {
    if (outcome === "restart asked") {
      this.#shortRuns = ranMs < shortRunMs ? this.#shortRuns + 1 : 0;
      return this.#shortRuns === 0 ? 0 : this.#backoff(this.#shortRuns - 1);
    }
    const { policy, limit, windowMs } = this.#options;
    if (outcome === "stopped" || policy === "no" || (outcome === "left" && policy !== "always")) return undefined;
    this.#recent = this.#recent.filter((at) => now - at < windowMs);
    if (this.#recent.length >= limit) return undefined;
    this.#recent.push(now);
    return this.#backoff(this.#recent.length - 1);
  }

  /** For people: `2 of 5 within 60 s`. */
  get spent(): string {
    const { limit, windowMs } = this.#options;
    return `${this.#recent.length} of ${limit} within ${windowMs / 1000} s`;
  }

  /** Half of the delay is certain and half is chance, so that machines which failed together don't return together. */
  #backoff(times: number): number {
    const { delayMs, maxDelayMs } = this.#options;
    const delay = Math.min(maxDelayMs, delayMs * 2 ** Math.min(times, 30));
    return delay / 2 + (delay / 2) * this.#random();
  }
}
