// SPDX-License-Identifier: MIT
import { aborted, ScxError } from "../error.js";
import { longestWait } from "../interval.js";

/** A deadline and an AbortSignal as one: whichever comes first ends what waits. */
export class Limit {
  /** Set when the signal had fired before. */
  readonly reason: ScxError | undefined;
  /** Called at most once, with ERR_SCX_TIMEOUT or ERR_SCX_ABORTED. */
  onEnd: (reason: ScxError) => void = () => {};
  readonly #signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #abort: () => void;

  /** @param what the subject of the error's sentence. */
  constructor(op: string, what: string, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#abort = () => this.#end(aborted(op, what, signal));
    this.reason = signal?.aborted ? aborted(op, what, signal) : undefined;
    if (this.reason !== undefined) return;
    signal?.addEventListener("abort", this.#abort);
    if (timeoutMs > longestWait) return; // no limit
    this.#timer = setTimeout(() => {
      this.#end(
        new ScxError("ERR_SCX_TIMEOUT", {
          op,
          message: `${what} got no answer within ${timeoutMs} ms.`,
          remedy: "See whether the server still runs, or allow more time.",
        }),
      );
    }, timeoutMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#abort);
  }

  #end(reason: ScxError): void {
    this.clear();
    this.onEnd(reason);
  }
}
