// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { exitRecord } from "../../../src/scheduler/exit.js";
import { recentExits, rememberExit } from "../../../src/scheduler/history.js";

const exit = (code: number) =>
  exitRecord({ number: 65, code: BigInt(code), reason: "unregistered from BPF", message: "" }, "one", 1n);

it("keeps the last 16 exits, oldest first, and hands out copies", () => {
  expect(recentExits()).toEqual([]);
  for (let code = 0; code < 16; code++) rememberExit(exit(code));
  const before = recentExits();
  expect(before.map(({ code }) => Number(code))).toEqual([...Array(16).keys()]);
  rememberExit(exit(16));
  expect(recentExits().map(({ code }) => Number(code))).toEqual([...Array(16).keys()].map((code) => code + 1));
  expect(before[0]?.code).toBe(0n);
});
