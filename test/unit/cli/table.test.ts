// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { Table } from "../../../src/cli/table.js";
import type { Sample } from "../../../src/stats/schema.js";

const sample = (total: bigint): Sample => ({
  at: 1_763_629_200_000_000_000n,
  interval: 1_000_000_000n,
  epoch: 0,
  scheduler: "simple",
  state: "enabled",
  stats: { local: { total, delta: 6n }, depth: { value: -3n } },
});

it("aligns rows under a header, repeats it, and keeps a column as wide as it got", () => {
  const table = new Table();
  const first = table.lines(sample(806n));
  expect(first).toHaveLength(2);
  expect(first[0]).toMatch(/^TIME +SCHEDULER +STATE +local +depth$/);
  expect(first[1]).toMatch(/^\d\d:\d\d:\d\d +simple +enabled +806 \(\+6\) +-3$/);
  expect(first[0]).toHaveLength(first[1]?.length ?? 0);
  const wide = table.lines(sample(2n ** 64n - 1n))[0] ?? "";
  expect(table.lines(sample(1n))[0]).toHaveLength(wide.length);
  for (let i = 3; i < 20; i++) expect(table.lines(sample(1n))).toHaveLength(1);
  expect(table.lines(sample(1n))).toHaveLength(2);
});

it("puts another scheduler's statistics under a header of their own", () => {
  const table = new Table();
  table.lines(sample(1n));
  const other = { ...sample(1n), scheduler: "other", stats: { moved: { total: 1n, delta: 1n } } };
  expect(table.lines(other)[0]).toMatch(/^TIME +SCHEDULER +STATE +moved$/);
  expect(table.lines(other)).toHaveLength(1);
});
