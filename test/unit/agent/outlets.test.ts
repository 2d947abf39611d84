// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Outlets } from "../../../src/agent/outlets.js";
import type { SinkPart } from "../../../src/agent/parts.js";
import { SinkQueue } from "../../../src/sinks/queue.js";
import { type SinkRecord, SinkRefusal } from "../../../src/sinks/sink.js";
import { nthRecord } from "../sinks/record.js";

const { signal } = new AbortController();

/** Sinks that write to where those of the same name do, and what came there. */
function destinations() {
  const got: Record<string, number[]> = {};
  const part = (name: string, version: number, taken: () => boolean = () => false): SinkPart => {
    const write = (records: readonly SinkRecord[]) => {
      const numbers = records.map((record) => Number(record.type === "sample" ? record.sample.at : record.at));
      got[name] = [...(got[name] ?? []), ...numbers];
    };
    const open = () => {
      if (taken()) throw Object.assign(new Error("taken"), { code: "EADDRINUSE" });
    };
    const made = async (named: string) => new SinkQueue(named, { open, write });
    return { name, key: `${name} ${version}`, samples: true, made };
  };
  return { got, part };
}

it("of a sink whose options change one gets what comes meanwhile: the one that stays", async () => {
  const { got, part } = destinations();
  const outlets = new Outlets();
  const [same, old, gone] = [part("same", 1), part("changed", 1), part("gone", 1)];
  await outlets.use([same, old, gone], signal, 1000);
  outlets.push(nthRecord(1));
  const changed = [same, part("changed", 2), part("new", 1)];
  await outlets.use(changed, signal, 1000);
  outlets.push(nthRecord(2));
  await outlets.use([same, old, gone], signal, 1000); // as it can't be had after all
  outlets.push(nthRecord(3));
  await outlets.settle(1000);
  outlets.push(nthRecord(4));
  await outlets.use(changed, signal, 1000);
  outlets.push(nthRecord(5));
  outlets.push(nthRecord(6), [old]); // an anomaly's, say, whose detector is still the former one
  await outlets.settle(1000);
  outlets.push(nthRecord(7));
  await outlets.close(1000);
  expect(got).toEqual({
    same: [1, 2, 3, 4, 5, 7],
    changed: [1, 2, 3, 4, 5, 6, 7],
    gone: [1, 2, 3, 4, 5],
    new: [5, 7],
  });
});

it("what was dropped stays so when the sink has gone", async () => {
  const outlets = new Outlets();
  const refusing: SinkPart = {
    ...destinations().part("refusing", 1),
    made: async () => new SinkQueue("refusing", { write: () => Promise.reject(new SinkRefusal("no")) }),
  };
  await outlets.use([refusing], signal, 1000);
  outlets.push(nthRecord(1));
  await expect.poll(() => outlets.dropped).toBe(1);
  await outlets.use([], signal, 1000);
  await outlets.settle(1000);
  expect(outlets.dropped).toBe(1);
});

it.each([
  ["is for the other", "port", 2, 0, { port: [1, 2, 3] }],
  ["of another name is lost, and counted", "other", 1, 1, { port: [1], other: [3] }],
])("what comes while one makes room for another %s", async (_, name, key, dropped, expected) => {
  const { got, part } = destinations();
  const outlets = new Outlets();
  await outlets.use([part("port", 1)], signal, 1000);
  let tries = 0;
  const taken = () => {
    outlets.push(nthRecord(tries + 1));
    return tries++ === 0;
  };
  await outlets.use([part(name, key, taken)], signal, 1000);
  outlets.push(nthRecord(3));
  await outlets.settle(1000);
  expect(outlets.dropped).toBe(dropped);
  await outlets.close(1000);
  expect(got).toEqual(expected);
});
