// SPDX-License-Identifier: MIT
import type { LoadedObject } from "../../src/index.js";
import { testObject } from "../objects.js";
import { type Bench, type Comparison, type Limit, place } from "./compare.js";
import { measure, measurePeer } from "./reading.js";

// From dist, as users run it.
const { BpfObject } = (await import("../../dist/index.js" as string)) as typeof import("../../src/index.js");

const rounds = 15;

/** A round changes sides that often, as a shared machine's speed changes within a round, too. */
const slices = 10;

/** One way of reading 256 counters, or another number of them. */
interface Way {
  /** An object of test/bpf, and the map that its statistics are in. */
  readonly object: string;
  readonly map: RegExp;
  readonly what: string;
  /** The C program's way, how often it is done a round, and what the ratio is to stay under. */
  readonly peer: "struct" | "batch" | "keys" | "mapped";
  readonly times: number;
  readonly limit: Limit;
}

const ways: readonly Way[] = [
  { object: "count", map: /^scx_stats$/, what: "one struct", peer: "struct", times: 200_000, limit: { atMost: 1.15 } },
  { object: "wide", map: /^scx_stats$/, what: "one struct", peer: "struct", times: 200_000, limit: { atMost: 1.1 } },
  {
    object: "wide_keys",
    map: /^key_stats$/,
    what: "an array of integers, which C reads in one batch",
    peer: "batch",
    times: 20_000,
    limit: { atMost: 1.05 },
  },
  {
    object: "wide_mapped",
    map: /\.bss\.scx_/,
    what: "mapped rows",
    peer: "mapped",
    times: 500_000,
    limit: { atMost: 1.3 },
  },
];

/** The map that a C program in the manner of scx_simple reads, a lookup a key. */
const byKeys: readonly (Way & { peerObject: string })[] = [
  {
    object: "wide",
    map: /^scx_stats$/,
    what: "one struct",
    peer: "keys",
    times: 2_000,
    limit: { lessBy: 100 },
    peerObject: "wide_keys",
  },
  {
    object: "wide_mapped",
    map: /\.bss\.scx_/,
    what: "mapped rows",
    peer: "keys",
    times: 2_000,
    limit: { lessBy: 1000 },
    peerObject: "wide_keys",
  },
];

const load = async (name: string): Promise<LoadedObject> => (await BpfObject.open(testObject(name))).load();
const mapId = (loaded: LoadedObject, name: RegExp) => Object.values(loaded.maps).find((map) => name.test(map.name))?.id;

/**
 * Snapshots through the addon, against reads in C. On the machine itself, not in the VM, as emulation makes all JavaScript slow
 * and leaves the system call alike; hence objects without a scheduler, which any kernel loads.
 */
export const bench: Bench = async () => {
  const comparisons: Comparison[] = [];
  for (const way of [...ways, ...byKeys]) {
    const loaded = await load(way.object);
    const other = "peerObject" in way ? await load((way as { peerObject: string }).peerObject) : undefined;
    const id = other ? mapId(other, /^key_stats$/) : mapId(loaded, way.map);
    const against = way.peer === "keys" ? "one lookup a key in C, as scx_simple does" : "the same in C";
    const comparison = {
      what: `a snapshot of ${loaded.stats.schema.stats.length} statistics, ${way.what}, against ${against}`,
      where: place("this machine"),
      unit: "µs",
      limit: way.limit,
      ours: [] as number[],
      peer: { name: "C", values: [] as number[] },
    };
    measure(loaded, 200_000); // compiled by now
    for (let round = 0; round < rounds; round++) {
      let [ours, peers] = [0, 0];
      for (let slice = 0; slice < slices; slice++) {
        ours += measure(loaded, Math.max(way.times, 20_000) / slices);
        peers += measurePeer(way.peer, id, way.times / slices);
      }
      comparison.ours.push(ours / slices / 1e3);
      comparison.peer.values.push(peers / slices / 1e3);
    }
    loaded.close();
    other?.close();
    comparisons.push(comparison);
  }
  return { comparisons };
};
