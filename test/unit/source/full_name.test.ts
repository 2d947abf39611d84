// SPDX-License-Identifier: MIT
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BpfObject } from "../../../src/index.js";
import type { ObjectMap } from "../../../src/native/index.js";
import { ambiguousName, nameOfMap } from "../../../src/source/full_name.js";
import { planStats } from "../../../src/source/plan.js";
import { testObject } from "../../objects.js";

let object: BpfObject;
let maps: readonly ObjectMap[];
beforeAll(async () => {
  object = await BpfObject.open(testObject("long_names"));
  maps = object.describe().maps;
});
afterAll(() => object.close());

/** The map as the kernel says it. */
function cut(name: string): ObjectMap {
  const { autocreate: _, ...map } = maps.find((one) => one.name === name) as ObjectMap;
  return { ...map, name: name.slice(0, 15) };
}

describe("a map's name of which the kernel keeps 15 characters", () => {
  it.each(["cpu_latency_stats", "context_switch_stats", "context_wakeup_cnt", "fifteen_metrics"])(
    "%s is found in the object's BTF",
    (name) => {
      expect(nameOfMap(object.btf, cut(name))).toEqual({ name, others: [] });
    },
  );

  it("is told from another that begins so by its types", () => {
    const names = ["enqueue_place_stats", "enqueue_place_state"];
    expect(names.map((name) => cut(name).name)).toEqual(["enqueue_place_s", "enqueue_place_s"]);
    expect(names.map((name) => nameOfMap(object.btf, cut(name)).name)).toEqual(names);
  });

  it("stays cut where two are of the same types, which is said, also to a statistics map that names one", () => {
    const names = ["dispatch_queue_stats", "dispatch_queue_counters"];
    const found = nameOfMap(object.btf, cut("dispatch_queue_stats"));
    expect(found).toEqual({ name: "dispatch_queue_", others: names });
    expect(ambiguousName(found).message).toMatch(
      /dispatch_queue_ is one of dispatch_queue_stats, dispatch_queue_counters/,
    );
    const place = { btf: object.btf, maps: names.map(cut), programs: [] };
    expect(() => planStats([place], { stats: { dispatch_queue_stats: {} } })).toThrowError(
      expect.objectContaining({ code: "ERR_SCX_STATS_MAP", message: expect.stringMatching(/nobody can tell/) }),
    );
    expect(
      planStats([{ ...place, maps: [cut("dispatch_queue_stats")] }], { stats: { dispatch_queue_stats: {} } }),
    ).toMatchObject({ readers: [{ name: "dispatch_queue_" }] });
  });

  it("stays as it is where it is short, and where no BTF has it", () => {
    expect(nameOfMap(object.btf, { ...cut("cpu_latency_stats"), name: "cpu_latency" }).name).toBe("cpu_latency");
    expect(nameOfMap(object.btf, { ...cut("cpu_latency_stats"), name: "of_another_obje" }).name).toBe(
      "of_another_obje",
    );
  });
});
