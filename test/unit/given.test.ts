// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import * as scxkit from "../../src/index.js";

/** Calls by who has no types, each with something in place of its first or only argument. */
const calls: Record<string, (given: never) => unknown> = {
  "new Sampler": (given) => new scxkit.Sampler(given, { intervalMs: 1000 }),
  "new ValueSampler": (given) => new scxkit.ValueSampler(given, { intervalMs: 1000 }),
  "new SinkQueue": (given) => new scxkit.SinkQueue("mine", given),
  "new SinkFeed": (given) => new scxkit.SinkFeed(given, { schemaOf: () => ({ name: "x", stats: [] }) }),
  "Sinks.open": (given) => scxkit.Sinks.open(given),
  "BpfObject.open": (given) => scxkit.BpfObject.open(given),
  "StatsServer.listen": (given) => scxkit.StatsServer.listen(given),
  "StatsClient.connect": (given) => scxkit.StatsClient.connect(given),
  "StatsRelay.start": (given) => scxkit.StatsRelay.start(given),
  "StatsReplay.start": (given) => scxkit.StatsReplay.start(given),
  "Agent.start": (given) => scxkit.Agent.start(given),
  loadConfig: (given) => scxkit.loadConfig(given),
  createSink: (given) => scxkit.createSink(given),
  declaredTarget: (given) => scxkit.declaredTarget(given, () => ({})),
  defineStats: (given) => scxkit.defineStats("mine", given),
  followSamples: (given) => scxkit.followSamples(given),
  followStats: (given) => scxkit.followStats(given),
  inspectObject: (given) => scxkit.inspectObject(given),
  sharedTarget: (given) => scxkit.sharedTarget(() => 1, given),
  superviseScheduler: (given) => scxkit.superviseScheduler(given),
  totalsTarget: (given) => scxkit.totalsTarget(given),
};

/** What it throws or rejects with. */
async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    return `nothing was thrown, but ${await call()} given`;
  } catch (error) {
    return error;
  }
}

describe("what isn't given is refused in words:", () => {
  const wrong = Object.keys(calls).flatMap((name) =>
    [undefined, null, 5]
      .filter((given) => !(given === undefined && name === "StatsClient.connect")) // whose path has a default
      .map((given): [string, unknown] => [name, given]),
  );
  it.each(wrong)("%s(%s)", async (name, given) => {
    const error = await failureOf(() => calls[name]?.(given as never));
    expect(error).toBeInstanceOf(scxkit.ScxError);
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_SCX_/), message: expect.stringMatching(/\n./) });
  });
});

it("who gives the scheduler to a sampler, and not its statistics, is told so", () => {
  expect(() => new scxkit.Sampler({ name: "simple" } as never, { intervalMs: 1000 })).toThrow(
    /^A sampler's source is missing: what was given has no refresh\.\n.*scheduler\.stats/,
  );
});
