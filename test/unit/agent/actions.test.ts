// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, it, onTestFinished } from "vitest";
import { Actions } from "../../../src/agent/actions.js";
import type { AnomalyEvent } from "../../../src/agent/actuator.js";
import type { LogRecord } from "../../../src/diagnostics.js";

it("an actuator that can't say what it would do is told of once", async () => {
  const said: string[] = [];
  const listener = (record: unknown) => {
    const { level, text } = record as LogRecord;
    if (level === "warn" && text.includes("can't say")) said.push(text);
  };
  subscribe("scxkit:log", listener);
  onTestFinished(() => void unsubscribe("scxkit:log", listener));
  const actions = new Actions(() => {});
  const made = {
    describe: () => {
      throw new Error("speechless");
    },
    act: () => {},
  };
  actions.use([
    { name: "mute", key: "mute", made, on: undefined, when: "begins", enabled: false, times: 9, perMs: 1e6 },
  ]);
  const event = { detector: "d", phase: "begins", metric: "m", why: "w" } as AnomalyEvent;
  for (let i = 0; i < 3; i++) await actions.answer(event, undefined);
  expect(said).toEqual(["actuator mute can't say what it would do: speechless"]);
});
