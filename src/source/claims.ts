// SPDX-License-Identifier: MIT
import { Counters } from "../counters/counters.js";
import { ScxError } from "../error.js";
import { listText, possibleCpus } from "../kernel/cpus.js";
import type { NativeProgram } from "../native/index.js";
import { histogramBuckets } from "../stats/schema.js";
import type { JoinedReaders } from "./joined.js";

/**
 * What clearing the counters in the kernel hands out, added up. By reset that goes to one caller only, each time: what all callers
 * got together is what was counted.
 */
export class Claims {
  readonly #claim: () => void;
  readonly #counters: Counters;
  readonly #gauges: readonly number[];

  /** @param claimed where each claim is, once `claim` has been called */
  constructor({ schema, index }: JoinedReaders, claimed: BigUint64Array, claim: () => void) {
    this.#claim = claim;
    this.#counters = new Counters(claimed);
    this.#gauges = schema.stats.flatMap((stat, i) => (stat.kind === "gauge" ? [index[i] ?? 0] : []));
  }

  get total(): BigUint64Array {
    return this.#counters.total;
  }

  take(sums: BigUint64Array): void {
    this.#claim();
    this.#counters.rebase(); // a claim is a difference already
    this.#counters.advance();
    for (const word of this.#gauges) this.total[word] = sums[word] ?? 0n;
  }
}

const unsupported = (message: string, remedy: string, cause?: unknown): ScxError =>
  new ScxError("ERR_SCX_RESET_UNSUPPORTED", { op: "reset", message, remedy, cause });

const without = "each sample's delta is exact anyway.";

/**
 * Claims by the program that an object brings for it.
 * @throws ScxError ERR_SCX_RESET_UNSUPPORTED
 */
export function resetClaims(scheduler: string, reader: JoinedReaders, reset: NativeProgram | undefined): Claims {
  if (!reset)
    throw unsupported(
      `${scheduler} brings no program that resets its statistics in the kernel.`,
      `Declare them with SCX_STATS of scxkit/stats.h, or do without: ${without}`,
    );
  requireFirst(possibleCpus());
  const claimed = new BigUint64Array(reader.words.length);
  const context = new Uint8Array(claimed.buffer);
  return new Claims(reader, claimed, () => {
    const status = reset.run(context);
    if (status !== 0)
      throw Object.assign(new Error(`scx_stats_reset returned ${status | 0}`), { errno: -(status | 0) });
  });
}

/**
 * Claims by writing zeros, from user space.
 * @throws ScxError ERR_SCX_RESET_UNSUPPORTED
 */
export function zeroClaims(scheduler: string, reader: JoinedReaders): Claims {
  const { lasting, words } = reader;
  if (lasting.length > 0)
    throw unsupported(
      `The values in ${lasting.join(", ")} can't be zeroed: only those of arrays and globals can.`,
      `Do without: ${without}`,
    );
  const counters = countersAmong(reader);
  const spoiled = reader.spoiled(counters);
  if (spoiled.length > 0)
    throw unsupported(
      `Counters of ${scheduler} can't be zeroed alone: ${spoiled.join(", ")} would go back to what it was when they were read.`,
      `Keep counters in mapped memory (SCX_STATS_MAPPED) or a map of nothing else, or do without: ${without}`,
    );
  try {
    reader.zero(new Uint8Array(words.length)); // none of them, to see whether it may be
  } catch (cause) {
    throw unsupported(
      `The statistics of ${scheduler} can't be written: ${(cause as Error).message}.`,
      `Do without: ${without}`,
      cause,
    );
  }
  return new Claims(reader, words, () => reader.zero(counters));
}

/**
 * That there are no holes in these numbers: the reset goes through CPUs by number, and of one that there can't be the kernel gives it
 * memory that is none. On x86-64 there are none (as of Linux 7.2).
 * @throws ScxError ERR_SCX_RESET_UNSUPPORTED
 */
export function requireFirst(cpus: readonly number[]): void {
  if (cpus.every((cpu, i) => cpu === i)) return;
  throw new ScxError("ERR_SCX_RESET_UNSUPPORTED", {
    op: "reset",
    message: `The CPUs that there can be on this machine, ${listText(cpus)}, have holes, and the reset in the kernel goes by number.`,
    remedy: "Do without: each sample's delta is exact anyway.",
  });
}

/** For each word, whether it counts: 1, or 0 for those of gauges. */
function countersAmong({ schema, index, words }: JoinedReaders): Uint8Array {
  const counters = new Uint8Array(words.length);
  schema.stats.forEach(({ kind }, i) => {
    const begin = index[i] ?? 0;
    if (kind !== "gauge") counters.fill(1, begin, begin + (kind === "histogram" ? histogramBuckets + 1 : 1));
  });
  return counters;
}
