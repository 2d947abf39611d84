// SPDX-License-Identifier: MIT
// Records in the shapes of upstream's larger schedulers, written by hand from the definitions of their statistics
// (scheds/rust/scx_{layered,rusty,mitosis,lavd}/src/stats.rs), with fewer fields.

import type { SampleRecord } from "../../../src/sinks/sink.js";
import type { Stat, StatsSchema, StatType, StatValue, StatValues } from "../../../src/stats/schema.js";
import { recordOf } from "./record.js";

const level = (name: string, type: StatType, desc?: string): Stat => ({
  name,
  kind: "gauge",
  type,
  ...(desc !== undefined && { desc }),
});
const skipped = (stat: Stat): Stat => ({ ...stat, user: { _om_skip: "true" } });

/** scx_layered's: a dictionary of structs that hold lists, texts for people left out. */
export const layer: StatsSchema = {
  name: "LayerStats",
  user: { _om_prefix: "l_", _om_label: "layer_name" },
  stats: [
    skipped(level("index", "u64", "index")),
    level("util", "float", "Total CPU utilization (100% means one full CPU)"),
    level("tasks", "u64", "number of tasks"),
    level("total", "u64", "count of sched events during the period"),
    skipped(level("is_excl", "u64", "whether is exclusive")),
    skipped(level("cpus", { array: "u64" }, "mask of allocated CPUs")),
    level("nr_llc_cpus", { array: "u64" }, "count of CPUs assigned per LLC"),
    level("llc_lats", { array: "float" }, "Per-LLC average latency"),
    level("slice_us", "u64", "slice duration config"),
  ],
};
export const layered: StatsSchema = {
  name: "SysStats",
  top: true,
  stats: [
    skipped(level("at", "float", "timestamp")),
    level("total", "u64", "# sched events during the period"),
    level("busy", "float", "CPU busy % (100% means all CPU)"),
    level("proc_ms", "u64", "CPU time this binary consumed during the period"),
    level("layers", { dict: { struct: layer }, key: "string" }, "per-layer statistics"),
  ],
};

/** scx_rusty's: dictionaries in dictionaries. */
const rustyDomain: StatsSchema = {
  name: "DomainStats",
  user: { _om_prefix: "d_", _om_label: "domain" },
  stats: [level("load", "float", "sum of weight * duty_cycle for all tasks"), level("imbal", "float")],
};
const rustyNode: StatsSchema = {
  name: "NodeStats",
  user: { _om_prefix: "n_", _om_label: "node" },
  stats: [
    level("load", "float", "sum of weight * duty_cycle for all tasks"),
    level("doms", { dict: { struct: rustyDomain }, key: "u64" }, "per-domain statistics"),
  ],
};
export const rusty: StatsSchema = {
  name: "ClusterStats",
  top: true,
  stats: [
    level("at_us", "u64", "timestamp"),
    level("nr_migrations", "u64", "# of migrations from load balancing"),
    skipped(level("direct_greedy_cpus", { array: "u64" })),
    level("nodes", { dict: { struct: rustyNode }, key: "u64" }, "per-node statistics"),
  ],
};

/** scx_mitosis': two structs marked as top, no label for the dictionary, a text. */
const cell: StatsSchema = {
  name: "CellMetrics",
  user: { _om_prefix: "c_" },
  top: true,
  stats: [
    level("num_cpus", "u64", "Number of cpus"),
    skipped(level("cgroup_path", "string")),
    level("util_pct", "float", "CPU utilization %"),
  ],
};
export const mitosis: StatsSchema = {
  name: "Metrics",
  top: true,
  stats: [
    level("num_cells", "u64", "Number of cells"),
    level("util_pct", "float", "CPU utilization %"),
    level("cells", { dict: { struct: cell }, key: "u64" }, "Per-cell metrics"),
  ],
};

const one = (value: bigint | number | string): StatValue => ({ value });
const list = (...values: (bigint | number)[]): StatValue => ({ items: values.map(one) });
const dict = (entries: Record<string, StatValues>): StatValue => ({
  entries: Object.fromEntries(Object.entries(entries).map(([key, fields]) => [key, { fields }])),
});

const layerValues = (util: number): StatValues => ({
  index: one(0n),
  util: one(util),
  tasks: one(12n),
  total: one(3456n),
  is_excl: one(0n),
  cpus: list(0xffn),
  nr_llc_cpus: list(4n, 0n),
  llc_lats: list(0.25, 1e-9),
  slice_us: one(20_000n),
});
const load = (value: number): StatValues => ({ load: one(value), imbal: one(-value) });
const cellValues = (util: number): StatValues => ({ num_cpus: one(4n), cgroup_path: one("/a b"), util_pct: one(util) });

/** A reading of each. */
export const upstreamRecords: readonly SampleRecord[] = [
  recordOf(
    layered,
    {
      at: one(1.5),
      total: one(99n),
      busy: one(12.5),
      proc_ms: one(3n),
      layers: dict({ batch: layerValues(99.5), 'no"r\\mal': layerValues(0) }),
    },
    { sample: { scheduler: "layered" } },
  ),
  recordOf(
    rusty,
    {
      at_us: one(5n),
      nr_migrations: one(2n ** 63n),
      direct_greedy_cpus: list(1n),
      nodes: dict({ 0: { load: one(3), doms: dict({ 0: load(1), 1: load(2) }) }, 1: { load: one(0), doms: dict({}) } }),
    },
    { sample: { scheduler: "rusty" } },
  ),
  recordOf(
    mitosis,
    { num_cells: one(2n), util_pct: one(50), cells: dict({ 0: cellValues(10), 10: cellValues(1e21) }) },
    { sample: { scheduler: "mitosis" } },
  ),
];
