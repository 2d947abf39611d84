// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { BpfObject, inspectObject, Sampler } from "../../src/index.js";
import { testObject } from "../objects.js";

it("statistics in mapped memory are declared, counted and read as the others", async () => {
  const loaded = await (await BpfObject.open(testObject("mapped"))).load();
  const sampler = new Sampler(loaded.stats, { intervalMs: 1e-6 });
  expect(sampler.schema).toEqual((await inspectObject(testObject("mapped"))).stats);
  expect(sampler.schema.stats.map((stat) => stat.name)).toEqual(["events", "shared", "sizes", "level"]);
  const consumer = sampler.consumer();
  let truth = 0n;
  for (let n = 0n; n < 100n; n++) {
    expect(loaded.run("count", { n }).status).toBe(0);
    truth += n;
    const { events, shared } = consumer.read().stats;
    expect([events, shared]).toEqual([
      { total: truth, delta: n },
      { total: n + 1n, delta: 1n },
    ]);
  }
  expect(sampler.totals().stats.sizes).toMatchObject({ count: 100n, sum: truth });
  const byCpu = Object.values(loaded.stats.by?.("cpu").read() ?? {});
  expect(byCpu.reduce((sum, one) => sum + (one.events as bigint), 0n)).toBe(truth);
  expect(() => new Sampler(loaded.stats, { intervalMs: 1, mode: "reset" })).toThrowError(
    expect.objectContaining({ code: "ERR_SCX_RESET_UNSUPPORTED" }),
  );
  loaded.close();
});
