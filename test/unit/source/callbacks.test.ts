// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Callbacks } from "../../../src/source/callbacks.js";

it("calls those back who haven't answered with false, in their order", () => {
  const callbacks = new Callbacks<number>();
  const called: string[] = [];
  const add = (name: string, until = Number.POSITIVE_INFINITY) =>
    callbacks.add((about) => {
      called.push(`${name}${about}`);
      return about < until && undefined;
    });
  add("a");
  add("b", 2);
  add("c", 1);
  add("d");
  for (const about of [1, 2, 3]) callbacks.call(about);
  expect(called.join(" ")).toBe("a1 b1 c1 d1 a2 b2 d2 a3 d3");
});

it("calls nobody too seldom or too often where one of them calls in turn", () => {
  const callbacks = new Callbacks<number>();
  const called: string[] = [];
  callbacks.add((about) => {
    called.push(`a${about}`);
    return about < 2;
  });
  callbacks.add((about) => {
    called.push(`b${about}`);
    if (about === 1) callbacks.call(2);
  });
  callbacks.add((about) => {
    called.push(`c${about}`);
  });
  callbacks.call(1);
  callbacks.call(3);
  expect(called.join(" ")).toBe("a1 b1 a2 b2 c2 c1 b3 c3");
});
