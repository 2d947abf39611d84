// SPDX-License-Identifier: MIT
// Statistics of every kind, and their values at any time.

import type { StatsSchema, StatValues } from "../../src/stats/schema.js";

export const everything: StatsSchema = {
  name: "all_stats",
  stats: [
    { name: "ticks", kind: "counter", unit: "ms", desc: "time that went by" },
    { name: "d1", kind: "counter", desc: "dispatched", family: { name: "dispatched", labels: { type: "greedy" } } },
    { name: "d2", kind: "counter", family: { name: "dispatched", labels: { type: 'odd "\\\n ü' } } },
    { name: "busy", kind: "gauge", desc: 'CPUs that are "busy"\n\\' },
    { name: "waited", kind: "histogram", unit: "ns", desc: "time waited" },
    { name: "version", kind: "gauge", type: "string", desc: "its version" },
    {
      name: "doms",
      kind: "gauge",
      type: { dict: "float", key: "u64" },
      user: { _om_label: "dom" },
      desc: "load of each",
    },
  ],
};

/** Values after so many ms. */
export function after(ms: number, doms = ["0", "1"]): StatValues {
  const buckets = Array.from({ length: 64 }, (_, i) => (i === 10 ? BigInt(ms) : 0n));
  const counts = { count: BigInt(ms), sum: BigInt(ms) * 700n, buckets };
  return {
    ticks: { total: BigInt(ms), delta: 0n },
    d1: { total: 2n ** 53n + 2n, delta: 0n },
    d2: { total: 7n, delta: 0n },
    busy: { value: -3n },
    waited: { ...counts, delta: counts },
    version: { value: "1.0" },
    doms: { entries: Object.fromEntries(doms.map((dom) => [dom, { value: 0.5 + Number(dom) }])) },
  };
}
