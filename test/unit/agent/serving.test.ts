// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { expect, it } from "vitest";
import { Socket } from "../../../src/agent/serving.js";
import type { Watched } from "../../../src/agent/watched.js";
import { StatsClient } from "../../../src/index.js";
import { countSchema, nthRecord } from "../sinks/record.js";
import { folder } from "./config.js";

it("the agent's socket has what it knows of itself", async () => {
  const path = join(folder(), "stats");
  const { sample } = nthRecord(1);
  const consumer = () => ({ read: () => sample, close: () => {} });
  const sampler = { scheduler: "simple", schema: countSchema, totals: () => sample, consumer };
  const facts = {
    ticks: () => ({ lateness: 5n, missed: 2n }),
    errors: () => 3n,
    dropped: () => 4n,
  };
  const socket = await Socket.listen(path, { sampler } as unknown as Watched, 1000, facts);
  await using client = await StatsClient.connect(path);
  const all = (await client.request("stats", { target: "all", groups: "self" })) as unknown as { records: object[] };
  expect(all.records).toMatchObject([
    {
      entity: "process",
      counter: { "self.ticks_missed": 2n, "self.errors": 3n, "self.dropped": 4n },
      u64: { "self.lateness": 5n },
    },
  ]);
  await socket.close();
});
