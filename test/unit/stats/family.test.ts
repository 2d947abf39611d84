// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { firstClash } from "../../../src/stats/family.js";
import type { Stat } from "../../../src/stats/schema.js";

const one = (name: string, family?: string, labels: Record<string, string> = {}): Stat => ({
  name,
  kind: "counter",
  ...(family !== undefined && { family: { name: family, labels } }),
});

describe("firstClash", () => {
  it("finds the same labels in one family, in whatever order they stand", () => {
    const stats = [
      one("a", "f", { x: "1", y: "2" }),
      one("b", "g", { x: "1", y: "2" }),
      one("c", "f", { y: "2", x: "1" }),
    ];
    expect(firstClash(stats)).toMatchObject({ at: 2, before: stats[0], what: 'both f{y="2", x="1"}' });
  });

  it("finds a family of two kinds", () => {
    const stats = [one("a", "f", { x: "1" }), { ...one("b", "f", { x: "2" }), kind: "gauge" as const }];
    expect(firstClash(stats)).toMatchObject({ at: 1, before: stats[0], what: "both of f, and of two kinds" });
  });

  it("finds a family in two units, but for those of one base unit", () => {
    const of = (...units: (string | undefined)[]) =>
      firstClash(
        units.map((unit, i) => ({ ...one(`s${i}`, "f", { x: `${i}` }), ...(unit !== undefined && { unit }) })),
      );
    expect(of("us", "ms", "seconds", "s")).toBeUndefined();
    expect(of("bytes", "bytes")).toBeUndefined();
    expect(of("us", "bytes")).toMatchObject({ at: 1, what: "both of f, and in two units" });
    expect(of("ms", undefined)).toMatchObject({ at: 1 });
  });

  it("finds none among statistics without a family, however they are called", () => {
    expect(firstClash([one("a"), one("a"), one("f"), one("b", "f")])).toBeUndefined();
  });

  it("is done at once with all the integers that a map may have", () => {
    const table = Array.from({ length: 16_384 }, (_, i) => one(`table_${i}`, "table", { index: `${i}` }));
    expect(firstClash(table)).toBeUndefined();
  });
});
