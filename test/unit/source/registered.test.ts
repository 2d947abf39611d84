// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { lastOf } from "../../../src/source/registered.js";

it("of several registrations of a name, those that run are the last", () => {
  const registered = ["a", "b", "a", "c", "b"].map((name, id) => ({
    id,
    ops: { name, programs: new Map(), isInUse: false },
  }));
  const ids = (...names: string[]) => lastOf(names, registered).map(({ id }) => id);
  expect([ids("a"), ids("b", "a"), ids("a", "a", "d"), ids()]).toEqual([[2], [2, 4], [0, 2], []]);
});
