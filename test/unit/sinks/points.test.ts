// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { exportedName, type Point } from "../../../src/sinks/metric.js";
import { MetricPoints } from "../../../src/sinks/points.js";
import type { StatsSchema, StatValues } from "../../../src/stats/schema.js";
import { recordOf } from "./record.js";

/** `name{label="value"} value`, for points of a counter or a gauge. */
const shown = ({ series: { metric, labels }, value }: Point): string => {
  const inside = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
  const number = "total" in value ? value.total : "value" in value ? value.value : value.count;
  return `${exportedName(metric)}{${inside.join(",")}} ${number}`;
};

const lines = (schema: StatsSchema, stats: StatValues, about?: Parameters<typeof recordOf>[2]) =>
  new MetricPoints().of(recordOf(schema, stats, { group: "x", ...about })).map(shown);

const counted = (total: bigint) => ({ total, delta: 0n });

describe("names and labels", () => {
  it("have the scheduler, the family and the record's labels", () => {
    const schema: StatsSchema = {
      name: "s",
      stats: [
        { name: "local", kind: "counter" },
        { name: "d1", kind: "counter", family: { name: "dispatched", labels: { type: "greedy" } } },
        {
          name: "odd-name!",
          kind: "gauge",
          family: { name: "9 lives", labels: { "a.b": "1", __x: "2", "1": "3", le: "4" } },
        },
      ],
    };
    const stats = { local: counted(1n), d1: counted(2n), "odd-name!": { value: -3n } };
    const labels = { host: "h1", scheduler: "not this" };
    expect(lines(schema, stats, { labels })).toEqual([
      'scx_local_total{scheduler="simple",host="h1"} 1',
      'scx_dispatched_total{scheduler="simple",type="greedy",host="h1"} 2',
      'scx_9_lives{scheduler="simple",_1="3",a_b="1",_x="2",le_="4",host="h1"} -3',
    ]);
  });

  it("have the groups of CPUs that a sample is also summed over", () => {
    const schema: StatsSchema = { name: "s", stats: [{ name: "local", kind: "counter" }] };
    const by = { llc: { "0-3": { local: counted(1n) }, "4-7": { local: counted(2n) } }, cpu: { 0: {} } };
    expect(lines(schema, { local: counted(3n) }, { sample: { by } })).toEqual([
      'scx_local_total{scheduler="simple"} 3',
      'scx_llc_local_total{scheduler="simple",llc="0-3"} 1',
      'scx_llc_local_total{scheduler="simple",llc="4-7"} 2',
    ]);
  });

  it("have the keys of a hash in each of these groups, under a label beside the group's", () => {
    const calls: StatsSchema = {
      name: "s",
      stats: [{ name: "calls", kind: "counter", type: { dict: "u64", key: "u64" } }],
    };
    const keys = (a: bigint, b: bigint) => ({ calls: { entries: { 7: counted(a), 9: counted(b) } } });
    const by = { node: { 0: keys(1n, 2n), 1: keys(3n, 0n) } };
    expect(lines(calls, {}, { sample: { by } })).toEqual([
      'scx_node_calls_total{scheduler="simple",node="0",key="7"} 1',
      'scx_node_calls_total{scheduler="simple",node="0",key="9"} 2',
      'scx_node_calls_total{scheduler="simple",node="1",key="7"} 3',
      'scx_node_calls_total{scheduler="simple",node="1",key="9"} 0',
    ]);
  });

  it("have the unit in Prometheus' base units, once", () => {
    const names = (unit: string, name = "waited") =>
      exportedName({ name: `scx_${name}`, kind: "counter", unit, help: "" });
    expect(names("ns")).toBe("scx_waited_seconds_total");
    expect(names("bytes")).toBe("scx_waited_bytes_total");
    expect(names("bytes", "read_bytes_total")).toBe("scx_read_bytes_total");
    expect(names("tasks/s", "moved")).toBe("scx_moved_tasks_s_total");
  });
});

describe("groups, dictionaries and lists", () => {
  const value = (number: number) => ({ value: number });

  it("are labelled as upstream's scx_layered means them, lists too", () => {
    const layer: StatsSchema = {
      name: "LayerStats",
      user: { _om_prefix: "l_", _om_label: "layer_name" },
      stats: [
        { name: "index", kind: "gauge", type: "u64", user: { _om_skip: "true" } },
        { name: "util", kind: "gauge", type: "float" },
        { name: "nr_llc_cpus", kind: "gauge", type: { array: "u64" }, user: { _om_label: "llc" } },
        { name: "llc_lats", kind: "gauge", type: { array: "float" } },
      ],
    };
    const top: StatsSchema = {
      name: "SysStats",
      stats: [
        { name: "at", kind: "gauge", type: "float", user: { _om_skip: "true" } },
        { name: "busy", kind: "gauge", type: "float" },
        { name: "layers", kind: "gauge", type: { dict: { struct: layer }, key: "string" } },
      ],
    };
    const of = (util: number) => ({
      fields: {
        index: value(0),
        util: value(util),
        nr_llc_cpus: { items: [{ value: 4n }, { value: 2n }] },
        llc_lats: { items: [value(0.5)] },
      },
    });
    const stats = { at: value(1), busy: value(12.5), layers: { entries: { batch: of(1), normal: of(2) } } };
    expect(lines(top, stats, { sample: { scheduler: "layered" } })).toEqual([
      'scx_busy{scheduler="layered"} 12.5',
      'scx_l_util{scheduler="layered",layer_name="batch"} 1',
      'scx_l_nr_llc_cpus{scheduler="layered",layer_name="batch",llc="0"} 4',
      'scx_l_nr_llc_cpus{scheduler="layered",layer_name="batch",llc="1"} 2',
      'scx_l_llc_lats{scheduler="layered",layer_name="batch",index="0"} 0.5',
      'scx_l_util{scheduler="layered",layer_name="normal"} 2',
      'scx_l_nr_llc_cpus{scheduler="layered",layer_name="normal",llc="0"} 4',
      'scx_l_nr_llc_cpus{scheduler="layered",layer_name="normal",llc="1"} 2',
      'scx_l_llc_lats{scheduler="layered",layer_name="normal",index="0"} 0.5',
    ]);
  });

  it("may stand in each other: scx_rusty's domains in nodes, each with its own prefix", () => {
    const load = { name: "load", kind: "gauge", type: "float" } as const;
    const domain: StatsSchema = { name: "D", user: { _om_prefix: "d_", _om_label: "domain" }, stats: [load] };
    const doms = { name: "doms", kind: "gauge", type: { dict: { struct: domain }, key: "u64" } } as const;
    const node: StatsSchema = { name: "N", user: { _om_prefix: "n_", _om_label: "node" }, stats: [load, doms] };
    const nodes = { name: "nodes", kind: "gauge", type: { dict: { struct: node }, key: "u64" } } as const;
    const inner = { entries: { 0: { fields: { load: value(1) } }, 1: { fields: { load: value(2) } } } };
    const stats = { nodes: { entries: { 0: { fields: { load: value(3), doms: inner } } } } };
    expect(lines({ name: "ClusterStats", stats: [nodes] }, stats)).toEqual([
      'scx_n_load{scheduler="simple",node="0"} 3',
      'scx_d_load{scheduler="simple",node="0",domain="0"} 1',
      'scx_d_load{scheduler="simple",node="0",domain="1"} 2',
    ]);
  });

  it("need no label and no prefix said: scx_mitosis' cells, a group, dictionaries of scalars in each other", () => {
    const cell: StatsSchema = {
      name: "CellMetrics",
      user: { _om_prefix: "c_" },
      stats: [{ name: "util_pct", kind: "gauge", type: "float" }],
    };
    const part: StatsSchema = {
      name: "part",
      stats: [{ name: "sizes", kind: "gauge", type: { dict: "u64", key: "string" } }],
    };
    const schema: StatsSchema = {
      name: "Metrics",
      user: { _om_prefix: "m_" },
      stats: [
        { name: "cells", kind: "gauge", type: { dict: { struct: cell }, key: "u64" } },
        { name: "whole", kind: "gauge", type: { struct: part } },
        { name: "parts", kind: "gauge", type: { dict: { struct: part }, key: "string" } },
        { name: "hits", kind: "counter", type: { dict: "u64", key: "string" } },
      ],
    };
    const sizes = { fields: { sizes: { entries: { a: { value: 1n } } } } };
    const stats = {
      cells: { entries: { 3: { fields: { util_pct: value(7) } } } },
      whole: sizes,
      parts: { entries: { p: sizes } },
      hits: { entries: { a: counted(5n) } },
    };
    expect(lines(schema, stats)).toEqual([
      'scx_c_util_pct{scheduler="simple",key="3"} 7',
      'scx_m_whole_sizes{scheduler="simple",key="a"} 1',
      'scx_m_parts_sizes{scheduler="simple",key="p",sizes_key="a"} 1',
      'scx_m_hits_total{scheduler="simple",key="a"} 5',
    ]);
  });

  it("keep their series as long as they are there, and no longer", () => {
    const schema: StatsSchema = {
      name: "s",
      stats: [{ name: "load", kind: "gauge", type: { dict: "u64", key: "string" } }],
    };
    const points = new MetricPoints();
    const read = (...keys: string[]) =>
      points
        .of(recordOf(schema, { load: { entries: Object.fromEntries(keys.map((key) => [key, { value: 1n }])) } }))
        .filter(({ series }) => series.metric.name === "scx_load")
        .map(({ series }) => series);
    const [a, b] = read("a", "b");
    expect(read("b")).toEqual([b]);
    const [again, still] = read("a", "b");
    expect(still).toBe(b);
    expect(again).toEqual(a);
    expect(again).not.toBe(a);
  });
});

describe("texts", () => {
  it("are info metrics, and statesets where their values are known", () => {
    const schema: StatsSchema = {
      name: "s",
      stats: [
        { name: "version", kind: "gauge", type: "string", desc: "its version" },
        { name: "mode", kind: "gauge", type: "string", user: { _scx_states: "fifo,vtime" } },
      ],
    };
    const stats = { version: { value: '1.0 "x"' }, mode: { value: "odd" } };
    expect(lines(schema, stats)).toEqual([
      'scx_version_info{scheduler="simple",version="1.0 "x""} 1',
      'scx_mode{scheduler="simple",scx_mode="fifo"} 0',
      'scx_mode{scheduler="simple",scx_mode="vtime"} 0',
      'scx_mode{scheduler="simple",scx_mode="odd"} 1',
    ]);
  });

  it("come with a scheduler's own statistics: its state and restarts", () => {
    const sample = { epoch: 2, state: "enabled" };
    expect(lines({ name: "s", stats: [] }, {}, { group: "stats", sample })).toEqual([
      'scx_state{scheduler="simple",scx_state="enabling"} 0',
      'scx_state{scheduler="simple",scx_state="enabled"} 1',
      'scx_state{scheduler="simple",scx_state="disabling"} 0',
      'scx_state{scheduler="simple",scx_state="disabled"} 0',
      'scx_restarts_total{scheduler="simple"} 2',
    ]);
  });
});
