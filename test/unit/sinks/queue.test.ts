// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import { type Sink, type SinkRecord, SinkRefusal } from "../../../src/sinks/sink.js";
import type { CounterValue, Sample, StatsSchema } from "../../../src/stats/schema.js";
import { countSchema, nthRecord, recordOf } from "./record.js";

/** Keeps what it is given; `write` may be replaced by one that fails. */
class Kept implements Sink {
  readonly batches: number[][] = [];
  readonly calls: string[] = [];
  readonly samples: Sample[] = [];
  fail: (attempt: number) => unknown = () => undefined;
  #attempts = 0;

  open(): void {
    this.calls.push("open");
  }
  async write(records: readonly SinkRecord[]): Promise<void> {
    const error = this.fail(this.#attempts++);
    if (error !== undefined) throw error;
    this.batches.push(records.map((record) => Number(record.type === "sample" ? record.sample.at : record.at)));
    for (const record of records) if (record.type === "sample") this.samples.push(record.sample);
  }
  flush(): void {
    this.calls.push("flush");
  }
  close(): void {
    this.calls.push("close");
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const quick = { retryMs: 1, retryMaxMs: 2 };

describe("a queue", () => {
  it("writes in order, in batches, and flushes at the end", async () => {
    const sink = new Kept();
    const queue = new SinkQueue("kept", sink, { batch: 3 });
    queue.push(nthRecord(1));
    await queue.open();
    for (const n of numbers(2, 7)) queue.push(nthRecord(n));
    await queue.close();
    expect(sink.batches.flat()).toEqual(numbers(1, 7));
    expect(Math.max(...sink.batches.map((batch) => batch.length))).toBe(3);
    expect(sink.calls).toEqual(["open", "flush", "close"]);
    expect(queue.counts).toEqual({ written: 7, dropped: 0, failures: 0, queued: 0, failing: undefined });
  });

  it("never writes while it is pushed to", async () => {
    const sink = new Kept();
    const queue = new SinkQueue("kept", sink);
    await queue.open();
    queue.push(nthRecord(1));
    expect(sink.batches).toEqual([]);
    await Promise.resolve();
    expect(sink.batches).toEqual([]);
    await queue.close();
    expect(sink.batches).toEqual([[1]]);
  });

  it("tries a batch again until it is taken, and keeps the order", async () => {
    const sink = new Kept();
    sink.fail = (attempt) => (attempt < 3 ? new Error("gone") : undefined);
    const queue = new SinkQueue("kept", sink, { ...quick, batch: 2 });
    await queue.open();
    for (const n of numbers(1, 5)) queue.push(nthRecord(n));
    await queue.close();
    expect(sink.batches).toEqual([[1, 2], [3, 4], [5]]);
    expect(queue.counts).toMatchObject({ written: 5, dropped: 0, failures: 3, failing: undefined });
  });

  it("drops what the sink refuses, and what failed too often, and goes on", async () => {
    const sink = new Kept();
    const errors: unknown[] = [new SinkRefusal("too large"), "a text", new Error("gone")];
    sink.fail = (attempt) => errors[attempt];
    const queue = new SinkQueue("kept", sink, { ...quick, batch: 1, retries: 1 });
    await queue.open();
    for (const n of numbers(1, 3)) queue.push(nthRecord(n));
    await queue.close();
    expect(sink.batches).toEqual([[3]]);
    expect(queue.counts).toMatchObject({ written: 1, dropped: 2, failures: 2 });
  });

  it("drops the oldest when it is full, and passes its counts on", async () => {
    const sink = new Kept();
    const queue = new SinkQueue("kept", sink, { queue: 3 });
    for (const n of numbers(1, 10)) queue.push(nthRecord(n));
    expect(queue.counts).toMatchObject({ dropped: 7, queued: 3 });
    await queue.open();
    await queue.close();
    expect(sink.batches.flat()).toEqual([8, 9, 10]);
    const deltas = sink.samples.map(({ stats }) => (stats.events as CounterValue).delta);
    expect(deltas).toEqual([8n, 1n, 1n]);
    expect(sink.samples.map(({ interval }) => interval)).toEqual([8n, 1n, 1n]);
  });

  it("loses no counts either while a write hangs, whatever comes and goes among them", async () => {
    const sink = new Kept();
    let take = () => {};
    const hangs = new Promise<void>((resolve) => {
      take = resolve;
    });
    const write = sink.write.bind(sink);
    sink.write = async (records) => {
      await hangs;
      await write(records);
    };
    const queue = new SinkQueue("slow", sink, { queue: 3 });
    await queue.open();
    queue.push(nthRecord(1));
    await new Promise(setImmediate);
    const wide = recordOf(countSchema, { events: { total: 2n ** 65n, delta: 2n } }, { sample: { at: 7n } });
    const more = recordOf(
      countSchema,
      { events: { total: 8n, delta: 1n }, more: { value: "x" } },
      { sample: { at: 8n } },
    );
    for (const n of numbers(2, 6)) queue.push(nthRecord(n));
    for (const record of [wide, more]) queue.push(record);
    for (const n of numbers(9, 10)) queue.push(nthRecord(n));
    take();
    await queue.close();
    expect(sink.batches).toEqual([[1], [8, 9, 10]]);
    const deltas = sink.samples.map(({ stats }) => (stats.events as CounterValue).delta);
    expect(deltas).toEqual([1n, 8n, 1n, 1n]);
    expect(sink.samples[1]?.stats.more).toEqual({ value: "x" });
  });

  it("writes fewer at a time of those with many values", async () => {
    const stats = Array.from({ length: 1000 }, (_, i) => ({ name: `s${i}`, kind: "gauge" as const }));
    const sink = new Kept();
    const queue = new SinkQueue("kept", sink);
    const schema: StatsSchema = { name: "wide", stats };
    const values = Object.fromEntries(stats.map(({ name }) => [name, { value: 1n }]));
    const push = (n: number) => queue.push(recordOf(schema, values, { sample: { at: BigInt(n) } }));
    numbers(1, 5).map(push);
    await queue.open();
    numbers(6, 10).map(push);
    await queue.close();
    expect(sink.batches).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
  });

  it("passes counts on over a change of the run's labels, rather to a sample with the same ones", async () => {
    const deltas = async (...labels: Record<string, string>[]) => {
      const sink = new Kept();
      const queue = new SinkQueue("kept", sink, { queue: 2 });
      for (const [i, one] of labels.entries()) queue.push(nthRecord(i + 1, { labels: one }));
      await queue.open();
      await queue.close();
      return sink.samples.map(({ at, stats }) => [Number(at), Number((stats.events as CounterValue).delta)]);
    };
    expect(await deltas({ site: "a" }, { site: "a" }, { site: "b" }, { site: "b" })).toEqual([
      [3, 3],
      [4, 1],
    ]);
    expect(await deltas({ site: "a" }, { site: "b" }, { site: "a" })).toEqual([
      [2, 1],
      [3, 2],
    ]);
  });

  it("doesn't mix up samples of different groups and schedulers", async () => {
    const sink = new Kept();
    const queue = new SinkQueue("kept", sink, { queue: 2 });
    queue.push(nthRecord(1, { group: "cpu" }));
    queue.push(nthRecord(2));
    queue.push(nthRecord(3, { group: "cpu" }));
    await queue.open();
    await queue.close();
    expect(sink.samples.map(({ at, stats }) => [at, (stats.events as CounterValue).delta])).toEqual([
      [2n, 1n],
      [3n, 2n],
    ]);
  });

  it("gives a write its time, and tells it by its signal", async () => {
    const reasons: unknown[] = [];
    const sink: Sink = {
      write: (_, signal) =>
        new Promise((resolve, reject) => {
          if (reasons.length > 0) resolve();
          else
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason);
              reject(new Error("aborted"));
            });
        }),
    };
    const queue = new SinkQueue("slow", sink, { ...quick, timeoutMs: 5 });
    await queue.open();
    queue.push(nthRecord(1));
    await queue.close();
    expect(reasons).toEqual([new Error("no success within 5 ms")]);
    expect(queue.counts).toMatchObject({ written: 1, failures: 1 });
  });

  it("ends within its deadline with a sink that hangs, and counts what it lost", async () => {
    let closed = false;
    let take = () => {};
    const sink: Sink = {
      write: () =>
        new Promise((resolve) => {
          take = resolve;
        }),
      close: () => {
        closed = true;
      },
    };
    const queue = new SinkQueue("hung", sink, { batch: 2 });
    await queue.open();
    const said: string[] = [];
    const listen = (record: unknown) => said.push((record as LogRecord).text);
    subscribe("scxkit:log", listen);
    onTestFinished(() => void unsubscribe("scxkit:log", listen));
    for (const n of numbers(1, 5)) queue.push(nthRecord(n));
    await new Promise(setImmediate);
    await queue.close({ deadlineMs: 10 });
    expect(closed).toBe(true);
    expect(said.at(-1)).toBe("sink hung lost 5 records in all"); // two of them were being written
    expect(queue.counts).toMatchObject({ written: 0, dropped: 5, queued: 0 });
    take(); // too late
    await new Promise(setImmediate);
    queue.push(nthRecord(6));
    expect(queue.counts).toMatchObject({ written: 0, dropped: 6, queued: 0 });
  });

  it("says so when a write never settles", async () => {
    const queue = new SinkQueue("hung", { write: () => new Promise(() => {}) }, { timeoutMs: 1 });
    await queue.open();
    queue.push(nthRecord(1));
    while (queue.counts.failures === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(queue.counts).toMatchObject({ failures: 1, failing: "no success within 1 ms", queued: 1 });
    await queue.close({ deadlineMs: 1 });
  });

  it("tries once more at the end, however long the pause was to be", async () => {
    const sink = new Kept();
    sink.fail = (attempt) => (attempt === 0 ? new Error("gone") : undefined);
    const queue = new SinkQueue("kept", sink, { retryMs: 3_600_000, retryMaxMs: 3_600_000 });
    await queue.open();
    queue.push(nthRecord(1));
    while (queue.counts.failures === 0) await new Promise(setImmediate);
    expect(queue.counts.failing).toBe("gone");
    await queue.close();
    expect(sink.batches).toEqual([[1]]);
  });

  it("gives a sink up that never opens: in time, or when nobody wants it any more", async () => {
    const never = () => {
      const sink = new Kept();
      sink.open = () => new Promise<void>(() => {});
      return sink;
    };
    const [slow, unwanted] = [never(), never()];
    await expect(new SinkQueue("slow", slow, { timeoutMs: 5 }).open()).rejects.toMatchObject({
      code: "ERR_SCX_SINK_OPEN",
      message: expect.stringMatching(/^Sink slow can't be opened: it took more than 5 ms\.\n/),
    });
    const caller = new AbortController();
    const opened = new SinkQueue("unwanted", unwanted).open(caller.signal);
    caller.abort();
    await expect(opened).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    expect([slow.calls, unwanted.calls]).toEqual([["close"], ["close"]]);
  });

  it("closes a sink again that opens when it has been given up", async () => {
    const sink = new Kept();
    let open = () => {};
    sink.open = () =>
      new Promise<void>((resolve) => {
        open = () => resolve(void sink.calls.push("open"));
      });
    await expect(new SinkQueue("late", sink, { timeoutMs: 5 }).open()).rejects.toThrow("5 ms");
    const closed = new Promise<void>((resolve) => {
      sink.close = () => resolve(void sink.calls.push("close"));
    });
    open();
    await closed;
    expect(sink.calls).toEqual(["close", "open", "close"]);
  });

  it("closes a sink that can't be opened, and says why", async () => {
    const sink = new Kept();
    sink.open = () => {
      throw new Error("no");
    };
    const queue = new SinkQueue("kept", sink);
    await expect(queue.open()).rejects.toMatchObject({
      code: "ERR_SCX_SINK_OPEN",
      message: expect.stringMatching(/^Sink kept can't be opened: no\.\n/),
    });
    expect(sink.calls).toEqual(["close"]);
  });

  it("gives a sink the groups that it wants", async () => {
    const taken = async (options: ConstructorParameters<typeof SinkQueue>[2]) => {
      const sink = new Kept();
      const queue = new SinkQueue("kept", sink, options);
      await queue.open();
      for (const [at, group] of ["stats", "self", "cpu"].entries())
        queue.push(recordOf({ name: "x", stats: [] }, {}, { group, sample: { at: BigInt(at) } }));
      await queue.close();
      return sink.batches.flat();
    };
    expect(await taken({})).toEqual([0, 2]);
    expect(await taken({ metrics: true })).toEqual([0, 1, 2]);
    expect(await taken({ groups: ["self"] })).toEqual([1]);
  });
});
