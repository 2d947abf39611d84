// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach, expect, it } from "vitest";
import { MissedTicks } from "../../../src/cli/missed.js";
import type { LogRecord } from "../../../src/diagnostics.js";

const logged: string[] = [];
const listen = (record: unknown) => {
  const { level, module, text } = record as LogRecord;
  logged.push(`${level} ${module}: ${text}`);
};
beforeEach(() => subscribe("scxkit:log", listen));
afterEach(() => unsubscribe("scxkit:log", listen));

it("missed ticks are said once each time that there were any", () => {
  const missed = new MissedTicks();
  for (const soFar of [0, 0, 3, 3, 4, 4]) missed.look({ missed: soFar });
  expect(logged).toEqual([
    expect.stringMatching(/^warn sampler: 3 ticks missed, /),
    expect.stringMatching(/^warn sampler: 1 tick missed, /),
  ]);
});
