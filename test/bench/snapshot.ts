// SPDX-License-Identifier: MIT
import { release } from "node:os";
import { testObject } from "../objects.js";
import { type Comparison, peer } from "./compare.js";

// From dist, as users run it.
const { BpfObject } = (await import("../../dist/index.js" as string)) as typeof import("../../src/index.js");

const rounds = 15;
const snapshots = 200_000;

/**
 * Snapshots through the addon, against the same read in C. On the machine itself, not in the VM, as emulation makes all
 * JavaScript slow and leaves the system call alike; hence an object without a scheduler, which any kernel loads.
 */
export async function benchSnapshot(name: string): Promise<Comparison> {
  const loaded = await (await BpfObject.open(testObject(name))).load();
  const { stats } = loaded;
  const id = loaded.maps.find((map) => map.name === "scx_stats")?.id;

  const result: Comparison = {
    what: `a snapshot of ${stats.schema.stats.length} statistics, against the same read in C`,
    where: `this machine, Linux ${release().split(".", 2).join(".")}`,
    unit: "µs",
    limit: 1.15,
    ours: [],
    peers: [],
  };
  for (let i = 0; i < snapshots; i++) stats.refresh(); // compiled by now
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < snapshots; i++) stats.refresh();
    result.ours.push(Number(process.hrtime.bigint() - start) / snapshots);
    result.peers.push(Number(peer("snapshot", String(id), String(snapshots)).split(" ")[0]));
  }
  loaded.close();
  return result;
}
