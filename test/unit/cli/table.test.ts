// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { Table } from "../../../src/cli/table.js";
import type { Sample, StatValues } from "../../../src/stats/schema.js";

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

describe("what has keys", () => {
  const shown = (stats: StatValues, width?: number) => new Table(width).lines({ ...sample(1n), stats }).slice(2);
  const counter = (total: bigint, delta: bigint) => ({ total, delta });

  it("stands under its row, values by key on one line", () => {
    const entries = { 10: counter(5n, 2n), 9: counter(4n, 0n), "a\u001b[2J": { value: 1n } };
    expect(shown({ local: counter(1n, 1n), pid_stats: { entries }, none: { entries: {} } })).toEqual([
      "  pid_stats  9=4 (+0)  10=5 (+2)  a\\x1b[2J=1",
      "  none  none",
    ]);
    expect(shown({ load: { items: [{ value: 1.5 }, { value: 0.1 + 0.2 }] } })).toEqual(["  load  0=1.5  1=0.3"]);
  });

  it("goes on under the first value where the line is full, and stops where the screen does", () => {
    const entries = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, { value: BigInt(i) }]));
    const lines = shown({ by_cpu: { entries } }, 40);
    expect(lines[0]).toBe("  by_cpu  0=0  1=1  2=2  3=3  4=4  5=5");
    expect(lines[1]).toMatch(/^ {10}6=6 {2}7=7/);
    expect(lines.at(-1)).toMatch(/31=31 {2}and 8 more$/);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
  });

  it("shares its rows with others of the same keys", () => {
    const by = (a: bigint, b: bigint) => ({ entries: { a: counter(a, 1n), b: counter(b, 0n) } });
    expect(shown({ calls: by(3n, 4n), time: by(100n, 2000n) })).toEqual([
      "      calls       time",
      "  a  3 (+1)   100 (+1)",
      "  b  4 (+0)  2000 (+0)",
    ]);
  });

  it("shows groups of CPUs as rows", () => {
    const local = (total: bigint) => ({ local: counter(total, 1n) });
    const lines = new Table().lines({ ...sample(1n), by: { llc: { "0-3": local(1n), "4-7": local(22n) } } }).slice(2);
    expect(lines).toEqual(["  llc    local", "  0-3   1 (+1)", "  4-7  22 (+1)"]);
  });

  it("shows the keys of a hash under each of these", () => {
    const calls = (a: bigint) => ({
      local: counter(a, 1n),
      calls: { entries: { 7: counter(a, 1n), 9: counter(0n, 0n) } },
    });
    const lines = new Table().lines({ ...sample(1n), by: { llc: { "0-3": calls(1n), "4-7": calls(2n) } } }).slice(2);
    expect(lines).toEqual([
      "  llc   local",
      "  0-3  1 (+1)",
      "    calls  7=1 (+1)  9=0 (+0)",
      "  4-7  2 (+1)",
      "    calls  7=2 (+1)  9=0 (+0)",
    ]);
  });

  it("shows groups by key as rows, and dictionaries within them under theirs", () => {
    const domain = (load: number, tasks: bigint) => ({ fields: { load: { value: load }, tasks: { value: tasks } } });
    const node = { fields: { load: { value: 2.5 }, doms: { entries: { 0: domain(1, 2n), 1: domain(1.5, 13n) } } } };
    expect(shown({ total: { fields: { load: { value: 3 } } }, nodes: { entries: { 0: node } } })).toEqual([
      "  nodes  load",
      "  0       2.5",
      "    doms  load  tasks",
      "    0        1      2",
      "    1      1.5     13",
    ]);
  });
});

it("takes groups apart, and puts names beside the values where the terminal is too narrow", () => {
  const stats = { load: { fields: { high: { value: 3n }, low: { value: 1n } } }, local: { total: 5n, delta: 1n } };
  expect(new Table().lines({ ...sample(1n), stats })[0]).toMatch(
    /^TIME +SCHEDULER +STATE +load\.high +load\.low +local$/,
  );
  const lines = new Table(50).lines({ ...sample(1n), stats });
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d +simple +enabled$/);
  expect(lines.slice(1)).toEqual(["  load.high       3  load.low        1", "  local      5 (+1)"]);
});

it("has no columns for what a sample doesn't tell", () => {
  const { at, stats } = sample(1n);
  expect(new Table().lines({ at, stats })[0]).toMatch(/^TIME +local +depth$/);
});
