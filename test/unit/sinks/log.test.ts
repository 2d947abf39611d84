// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { lineOf } from "../../../src/sinks/log.js";
import { eventRecord, recordOf } from "./record.js";

it("says a sample in a line", () => {
  const counts = { count: 3n, sum: 9n, buckets: [] };
  const stats = {
    local: { total: 5n, delta: 2n },
    mode: { value: "a b" },
    waited: { ...counts, delta: { ...counts, count: 1n } },
    doms: { entries: { 0: { fields: { load: { value: 0.5 }, cpus: { items: [{ value: 1n }] } } } } },
  };
  expect(lineOf(recordOf({ name: "s", stats: [] }, stats))).toBe(
    '1970-01-01T00:00:00.000Z simple stats enabled local=5(+2) mode="a b" waited=3(+1) doms.0.load=0.5 doms.0.cpus.0=1',
  );
});

it("says what happened", () => {
  expect(lineOf({ ...eventRecord, scheduler: "", message: "two\nlines" })).toBe(
    "1970-01-01T00:00:00.002Z - exit info two lines",
  );
});
