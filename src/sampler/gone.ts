// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { keysText, Loss } from "../source/loss.js";
import type { CounterValue } from "../stats/schema.js";
import { u64 } from "../stats/u64.js";

/** Keys that are kept for one consumer: as many as are followed of a map. */
const mostKeys = 65_536;
/** The same, where each CPU's are kept. */
export const mostCpuKeys = 8 * mostKeys;

/** What keys of dictionaries counted that went before a consumer read it: for its next sample. */
export class GoneKeys {
  readonly #dictionaries = new Map<number, Map<string, CounterValue>>();
  readonly #most: number;
  #size = 0;
  /** Keys for which there was no room, ever. */
  #left = 0;
  /** Of those, as of the last sample that lacks them. */
  readonly #lost = new Loss((keys) => this.#describe(keys));

  constructor(most = mostKeys) {
    this.#most = most;
  }

  /** @param stat the dictionary's number in the schema, or any other that is its own */
  add(stat: number, key: string, { total, delta }: CounterValue): void {
    const keys = this.#dictionaries.get(stat) ?? new Map<string, CounterValue>();
    this.#dictionaries.set(stat, keys);
    const known = keys.get(key);
    if (!known && this.#size === this.#most) this.#left++;
    else {
      if (!known) this.#size++;
      keys.set(key, { total, delta: u64(delta + (known?.delta ?? 0n)) });
    }
  }

  has(stat: number, key: string): boolean {
    return this.#dictionaries.get(stat)?.has(key) ?? false;
  }

  of(stat: number): Iterable<[string, CounterValue]> {
    return this.#dictionaries.get(stat) ?? [];
  }

  /** They were handed out, or another scheduler's follow. */
  clear(): void {
    if (this.#size === 0) return;
    this.#lost.keys = this.#left;
    this.#dictionaries.clear();
    this.#size = 0;
  }

  get problem(): ScxError | undefined {
    return this.#left === 0 ? undefined : this.#describe(this.#left);
  }

  #describe(keys: number): ScxError {
    return new ScxError("ERR_SCX_MAP_READ", {
      op: "read",
      message: `A consumer lost what ${keysText(keys)} counted, which had gone when it read.`,
      remedy: `Read more often: up to ${this.#most} such keys are kept for each consumer.`,
    });
  }
}
