// SPDX-License-Identifier: MIT
import { beforeEach, describe, expect, it } from "vitest";
import { type Feed, Iteration } from "../../../src/sampler/iteration.js";

/** Gives what is pushed, in order; throws errors; its end is `null`. */
class Queue implements Feed<number> {
  readonly told: string[] = [];
  readonly values: (number | Error | null)[] = [];
  begin = () => void this.told.push("begin");
  end = () => void this.told.push("end");
  take(): IteratorResult<number, void> | undefined {
    const value = this.values.shift();
    if (value === undefined) return undefined;
    if (value === null) return { value: undefined, done: true };
    if (typeof value === "number") return { value, done: false };
    throw value;
  }
}

const over = { value: undefined, done: true };
let queue: Queue;
let iteration: Iteration<number>;
beforeEach(() => {
  queue = new Queue();
  iteration = new Iteration(queue);
});

describe("an iteration", () => {
  it("rejects, and ends, when it can't begin", async () => {
    queue.begin = () => {
      throw new Error("no timer");
    };
    const first = iteration.next();
    await expect(first).rejects.toThrow("no timer");
    expect(queue.told).toEqual(["end"]);
    expect(await iteration.next()).toEqual(over);
  });

  it("begins when it is first asked, gives who waits what comes, in the order in which they asked, and ends once", async () => {
    expect(queue.told).toEqual([]);
    const asked = [iteration.next(), iteration.next(), iteration.next(), iteration.next()];
    expect(queue.told).toEqual(["begin"]);
    iteration.wake(); // nothing has come
    queue.values.push(1);
    iteration.wake();
    queue.values.push(2, null);
    iteration.wake();
    expect(await Promise.all(asked)).toEqual([{ value: 1, done: false }, { value: 2, done: false }, over, over]);
    queue.values.push(3);
    expect(await iteration.next()).toEqual(over);
    expect(queue.told).toEqual(["begin", "end"]);
  });

  it("gives at once what came before it was asked", async () => {
    queue.values.push(7);
    iteration.wake();
    expect(await iteration.next()).toEqual({ value: 7, done: false });
  });

  it("rejects who waits first when there is an error, and is over for the others", async () => {
    const asked = [iteration.next(), iteration.next()];
    queue.values.push(new Error("gone"), 1);
    iteration.wake();
    await expect(asked[0]).rejects.toThrow("gone");
    expect(await asked[1]).toEqual(over);
    expect(queue.told).toEqual(["begin", "end"]);
  });

  it("ends at return, which doesn't wait for who waits, at throw, and when a loop or a block is left", async () => {
    const next = iteration.next();
    expect(await iteration.return()).toEqual(over);
    expect(await next).toEqual(over);

    const thrown = new Iteration(queue);
    await expect(thrown.throw(new Error("enough"))).rejects.toThrow("enough");
    expect(await thrown.next()).toEqual(over);

    queue.values.push(1, 2);
    for await (const value of new Iteration(queue)) if (value === 1) break;
    {
      await using block = new Iteration(queue);
      expect((await block.next()).value).toBe(2);
    }
    expect(queue.told).toEqual(["begin", "end", "end", "begin", "end", "begin", "end"]);
  });
});
