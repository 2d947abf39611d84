// SPDX-License-Identifier: MIT

/** What an iteration hands out. */
export interface Feed<T> {
  /** It is asked for the first time. What this throws ends the iteration, as what `take` does. */
  begin(): void;
  /** The next value, if there is one by now, or that there are no more. */
  take(): IteratorResult<T, void> | undefined;
  /** Nothing is asked of it any more, whether it began or not. */
  end(): void;
}

interface Asked<T> {
  readonly resolve: (result: IteratorResult<T, void>) => void;
  readonly reject: (error: unknown) => void;
}

const over = (): IteratorReturnResult<void> => ({ value: undefined, done: true });

/**
 * Values that come now and then. To a caller it is a generator; but its `return` doesn't wait for the `next` under way, and a value
 * takes one promise, where a generator's takes several: on a tick that costs as much as the reading.
 */
export class Iteration<T> implements AsyncGenerator<T, void, void> {
  readonly #feed: Feed<T>;
  /** Who waits, in the order in which they asked. */
  readonly #asked: Asked<T>[] = [];
  #state: "new" | "begun" | "over" = "new";

  constructor(feed: Feed<T>) {
    this.#feed = feed;
  }

  next(): Promise<IteratorResult<T, void>> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      if (this.#asked.length === 1) this.wake();
    });
  }

  /** There may be something to take: gives it to who waits. */
  wake(): void {
    for (let first = this.#asked[0]; first; first = this.#asked[0]) {
      try {
        if (this.#state === "new") {
          this.#state = "begun";
          this.#feed.begin();
        }
        const result = this.#state === "over" ? over() : this.#feed.take();
        if (!result) return;
        this.#asked.shift();
        first.resolve(result);
        if (result.done) this.#end();
      } catch (error) {
        this.#asked.shift();
        first.reject(error);
        this.#end();
      }
    }
  }

  async return(): Promise<IteratorReturnResult<void>> {
    this.#end();
    this.wake();
    return over();
  }

  async throw(error: unknown): Promise<IteratorReturnResult<void>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#feed.end();
  }
}
