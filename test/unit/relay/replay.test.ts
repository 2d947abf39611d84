// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { StatsClient } from "../../../src/protocol/client.js";
import type { Exchange } from "../../../src/relay/recording.js";
import { type ReplayOptions, StatsReplay } from "../../../src/relay/replay.js";
import { RawPeer, scratch } from "../protocol/peer.js";

let path: string;
beforeEach(() => {
  path = join(scratch(onTestFinished), "replay");
});

/** An exchange so many seconds after the recording's begin. */
const said = (secs: number, resp: string, req = "stats", args: Record<string, string> = {}): Exchange => ({
  at: 1_763_629_200_000_000_000n + BigInt(secs * 1e9),
  request: { req, args: new Map(Object.entries(args)) },
  line: `{"errno":0,"args":{"resp":${resp}}}`,
});

async function replay(options: Omit<ReplayOptions, "path">): Promise<StatsClient> {
  const running = await StatsReplay.start({ path, ...options });
  const client = await StatsClient.connect(path);
  onTestFinished(async () => {
    await client.close();
    await running.close();
  });
  return client;
}

describe("by time", () => {
  const hour = [said(0, "0"), said(3600, "1"), said(7200, "2"), said(0, '"meta"', "stats_meta")].sort((a, b) =>
    Number(a.at - b.at),
  );

  test("what was answered at that time, to everybody, byte for byte", async () => {
    const exchanges = [
      { ...said(0, "{}"), line: '{ "errno":0, "args":{"resp":{"10":1.50,"3":null}} }' },
      said(3600, "1"),
    ];
    const client = await replay({ exchanges });
    expect(await client.requestLine("stats")).toBe(exchanges[0]?.line);
    expect(await (await RawPeer.connect(path)).ask('{"req":"stats"}\n')).toBe(exchanges[0]?.line);
  });

  test("at another speed: an hour in a tenth of a second is over when its last reply was good", async () => {
    const running = await StatsReplay.start({ path, exchanges: hour, speed: 3_600_000 / 100 });
    await using client = await StatsClient.connect(path);
    const seen: unknown[] = [];
    for (;;) {
      const value = await client.stats().catch(() => undefined);
      if (value === undefined) break;
      if (seen.at(-1) !== value) seen.push(value);
    }
    await running.ended;
    // A slow machine may miss one; none comes before its time.
    expect(seen).toEqual([...seen].sort());
    await expect(StatsClient.connect(path)).rejects.toMatchObject({ code: "ERR_SCX_CONNECT" });
  });

  test("in a loop: after the last comes the first", async () => {
    const client = await replay({ exchanges: hour, speed: 3_600_000, loop: true });
    const next = () => client.stats();
    for (const value of [2n, 0n, 1n, 0n]) await expect.poll(next).toBe(value);
  });

  test("what was asked later only is answered as it was then", async () => {
    const client = await replay({ exchanges: [said(0, "0"), said(10, '"late"', "stats", { target: "delta" })] });
    expect(await client.stats({ target: "delta" })).toBe("late");
  });
});

test("step by step: each connection is told one after the other, and the last one from then on", async () => {
  const exchanges = ["1", "2", "3"].map((resp, i) => said(i, resp));
  const one = await replay({ exchanges, step: true });
  await using two = await StatsClient.connect(path);
  const asked = async (client: StatsClient, times: number) => {
    const values: unknown[] = [];
    for (let i = 0; i < times; i++) values.push(await client.stats());
    return values;
  };
  expect(await asked(one, 5)).toEqual([1n, 2n, 3n, 3n, 3n]);
  expect(await asked(two, 2)).toEqual([1n, 2n]);
});

test("step by step in a loop", async () => {
  const client = await replay({ exchanges: [said(0, "1"), said(1, "2")], step: true, loop: true });
  const values: unknown[] = [];
  for (let i = 0; i < 5; i++) values.push(await client.stats());
  expect(values).toEqual([1n, 2n, 1n, 2n, 1n]);
});

describe("which request is which", () => {
  test("target top is the default, either way; arguments in any order", async () => {
    const args = { a: "1", b: "2" };
    const client = await replay({ exchanges: [said(0, "1"), said(0, "2", "stats", { ...args, target: "x" })] });
    expect(await client.stats({ target: "top" })).toBe(1n);
    expect(await client.stats({ target: "x", args: { b: "2", a: "1" } })).toBe(2n);
    await expect(client.stats({ target: "x" })).rejects.toMatchObject({
      errno: 22,
      message: expect.stringContaining("Nobody asked"),
    });
  });

  test("arguments that nobody gave make no difference", async () => {
    const client = await replay({ exchanges: [said(0, "1"), said(0, "2", "stats", { a: "1" })] });
    expect([await client.stats({ args: { b: "1" } }), await client.stats({ args: { a: "1" } })]).toEqual([1n, 2n]);
  });

  test("and the other way round", async () => {
    const client = await replay({ exchanges: [said(0, "1", "stats", { target: "top" })] });
    expect(await client.stats()).toBe(1n);
  });
});

test.each([
  ["no exchanges", { exchanges: [] }],
  ["a speed of 0", { exchanges: [said(0, "1")], speed: 0 }],
  ["a speed that is no number", { exchanges: [said(0, "1")], speed: Number.NaN }],
])("refuses %s", async (_, options) => {
  await expect(StatsReplay.start({ path, ...options })).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
});
