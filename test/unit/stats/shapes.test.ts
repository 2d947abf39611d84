// SPDX-License-Identifier: MIT
// The shapes that upstream's larger schedulers declare, from their definitions: dictionaries in dictionaries (rusty), groups by
// name with lists (layered), counts by cell (mitosis).
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, expectTypeOf, it } from "vitest";
import { keyedLines } from "../../../src/cli/keyed_lines.js";
import {
  declaredTarget,
  defineStats,
  helpLines,
  StatsClient,
  StatsServer,
  type StatValue,
  stat,
  type ValuesOf,
} from "../../../src/index.js";
import { assembleMeta, structsOf } from "../../../src/stats/meta.js";

const balance = { load: stat.float("sum of weight * duty_cycle"), imbal: stat.float("load imbalance from average") };
const domain = defineStats("DomainStats", balance, {
  desc: "domain statistics",
  user: { _om_prefix: "d_", _om_label: "domain" },
});
const node = defineStats(
  "NodeStats",
  { ...balance, doms: stat.dict("u64", stat.group(domain), "per-domain statistics") },
  { user: { _om_prefix: "n_", _om_label: "node" } },
);
const rusty = defineStats(
  "ClusterStats",
  {
    at_us: stat.i64({ desc: "timestamp", user: { _om_skip: "true" } }),
    cpu_busy: stat.float("CPU busy %"),
    nodes: stat.dict("u64", stat.group(node), "per-node statistics"),
  },
  { top: true },
);
const layer = defineStats(
  "LayerStats",
  { util: stat.float(), cpus: stat.array(stat.u64(), "CPU bitmap"), min_exec: stat.counter() },
  { user: { _om_prefix: "l_", _om_label: "layer_name" } },
);
const layered = defineStats(
  "SysStats",
  { layers: stat.dict("string", stat.group(layer)), load: stat.float() },
  { top: true },
);
const mitosis = defineStats(
  "Metrics",
  {
    num_cells: stat.u64("number of cells"),
    local: stat.float(),
    cells: stat.dict("u64", stat.float(), "share by cell"),
  },
  { top: true },
);

const values = {
  rusty: {
    at_us: -1n,
    cpu_busy: 12.5,
    nodes: new Map([
      [
        0n,
        {
          load: 3,
          imbal: 0,
          doms: new Map([
            [10n, { load: 1, imbal: -0.5 }],
            [3n, { load: 2, imbal: 0.5 }],
          ]),
        },
      ],
    ]),
  } satisfies ValuesOf<typeof rusty>,
  layered: {
    layers: new Map([["batch", { util: 0.5, cpus: [3n, 2n ** 64n - 1n], min_exec: 7n }]]),
    load: 1,
  } satisfies ValuesOf<typeof layered>,
  mitosis: {
    num_cells: 2n,
    local: 99.5,
    cells: new Map([
      [0n, 1],
      [1n, 0.25],
    ]),
  } satisfies ValuesOf<typeof mitosis>,
};

it("are typed all the way down", () => {
  type Doms = ValuesOf<typeof rusty>["nodes"] extends ReadonlyMap<bigint, infer N> ? N : never;
  expectTypeOf<Doms["doms"]>().toEqualTypeOf<ReadonlyMap<bigint, { readonly load: number; readonly imbal: number }>>();
  const nodes = new Map([[0n, { load: "3", imbal: 0, doms: new Map() }]]);
  // @ts-expect-error a node's load is a number
  const wrong: ValuesOf<typeof rusty> = { ...values.rusty, nodes };
  expect(wrong).toBeDefined();
});

it("are served and described byte for byte as upstream's server would", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");
  const targets = {
    top: declaredTarget(rusty, () => values.rusty),
    layered: declaredTarget(layered, () => values.layered),
    mitosis: declaredTarget(mitosis, () => values.mitosis),
  };
  const server = await StatsServer.listen({ path, targets });
  const client = await StatsClient.connect(path);
  expect(await client.request("stats")).toEqual({
    at_us: -1n,
    cpu_busy: 12.5,
    nodes: { "0": { load: 3, imbal: 0, doms: { "10": { load: 1, imbal: -0.5 }, "3": { load: 2, imbal: 0.5 } } } },
  });
  expect(await client.request("stats", { target: "layered" })).toMatchObject({
    layers: { batch: { cpus: [3n, 2n ** 64n - 1n], min_exec: 7n } },
  });
  expect(await client.request("stats", { target: "mitosis" })).toMatchObject({ cells: { "0": 1, "1": 0.25 } });
  await client.close();
  await server.close();
});

it("have help that leads from the top to the innermost, each once", () => {
  const heads = helpLines(assembleMeta(structsOf(rusty))).filter((line) => line.startsWith("["));
  expect(heads).toEqual(["[ClusterStats]", "[NodeStats   ]", "[DomainStats ] domain statistics"]);
  const meta = assembleMeta(structsOf(rusty));
  expect(meta.get("NodeStats")?.fields.get("doms")).toMatchObject({
    dict: { key: "u64", datum: { struct: "DomainStats" } },
  });
  expect(meta.get("DomainStats")?.user).toEqual({ _om_prefix: "d_", _om_label: "domain" });
});

it("have tables in tables", () => {
  const group = (load: number, imbal: number, doms?: Record<string, StatValue>): StatValue => ({
    fields: { load: { value: load }, imbal: { value: imbal }, ...(doms && { doms: { entries: doms } }) },
  });
  const nodes = new Map([
    ["0", group(3, 0, { 10: group(1, -0.5), 3: group(2, 0.5) })],
    ["1", group(0, 0, {})],
  ]);
  expect(keyedLines([{ name: "nodes", elements: nodes }])).toEqual([
    "  nodes  load  imbal",
    "  0         3      0",
    "    doms  load  imbal",
    "    3        2    0.5",
    "    10       1   -0.5",
    "  1         0      0",
    "    doms  none",
  ]);
});
