// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { OwnReader } from "../../../src/sinks/own.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import { nthRecord } from "./record.js";

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
  const push = async (queue: SinkQueue, records: number) => {
    for (let n = 0; n < records; n++) queue.push(nthRecord(n));
    while (queue.counts.queued > 0) await new Promise(setImmediate);
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
