// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { OwnReader } from "../../../src/sinks/own.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import { nthRecord } from "./record.js";

const push = async (queue: SinkQueue, records: number) => {
  for (let n = 0; n < records; n++) queue.push(nthRecord(n));
  while (queue.counts.queued > 0) await new Promise(setImmediate);
};

it("a sink's totals go on when another one of its name takes its place", async () => {
  const reader = new OwnReader();
  const queues = [1, 2, 3].map(() => new SinkQueue("one", { write: () => {} }));
  const read = (queue: SinkQueue) => {
    const { sinks } = reader.read([queue], undefined, { labels: {} }).sample.stats as {
      sinks: { entries: { one: { fields: { written: { total: bigint; delta: bigint }; queued: { value: bigint } } } } };
    };
    const { written, queued } = sinks.entries.one.fields;
    return [written.total, written.delta, queued.value].map(Number);
  };
  const [first, second, third] = queues as [SinkQueue, SinkQueue, SinkQueue];
  for (const queue of queues) await queue.open();
  await push(first, 3);
  expect(read(first)).toEqual([3, 3, 0]);
  await push(second, 2);
  expect(read(second)).toEqual([5, 2, 0]);
  await push(first, 4); // what waited in it
  await push(third, 1);
  expect(read(third)).toEqual([10, 5, 0]);
  await push(third, 1);
  await push(second, 1);
  expect(read(second)).toEqual([12, 2, 0]); // as the third can't be had after all
  expect(read(third)).toEqual([12, 0, 0]);
  for (const queue of queues) await queue.close();
});

it("a sink that goes on under another name is counted once, whoever gets its name", async () => {
  const reader = new OwnReader();
  const queues = ["x", "y", "z"].map((name) => new SinkQueue(name, { write: () => {} }));
  for (const queue of queues) await queue.open();
  const read = (...names: string[]) => {
    for (const [i, name] of names.entries()) (queues[i] as SinkQueue).name = name;
    const { stats } = reader.read(queues.slice(0, names.length), undefined, { labels: {} }).sample;
    const { entries } = (stats as { sinks: { entries: Record<string, { fields: { written: object } }> } }).sinks;
    return Object.fromEntries(
      Object.entries(entries).map(([name, { fields }]) => {
        const { total, delta } = fields.written as { total: bigint; delta: bigint };
        return [name, [total, delta].map(Number)];
      }),
    );
  };
  const each = async (...records: number[]) => {
    for (const [i, count] of records.entries()) await push(queues[i] as SinkQueue, count);
  };
  await each(100, 10);
  expect(read("x", "y")).toEqual({ x: [100, 100], y: [10, 10] });
  await each(1, 2);
  expect(read("y", "x")).toEqual({ x: [102, 2], y: [11, 1] });
  await each(1, 2);
  expect(read("x", "y")).toEqual({ x: [103, 1], y: [13, 2] });
  await each(5, 1);
  expect(read("other", "y")).toEqual({ y: [14, 1], other: [5, 5] });
  await each(5, 1, 7);
  expect(read("other", "y", "x")).toEqual({ x: [110, 7], y: [15, 1], other: [10, 5] });
  expect(read("again", "y", "x")).toMatchObject({ again: [0, 0] });
  await each(2);
  expect(read("other", "y", "x")).toEqual({ x: [110, 0], y: [15, 0], other: [12, 2] });
  for (const queue of queues) await queue.close();
});
