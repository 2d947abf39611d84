// SPDX-License-Identifier: MIT
import type { LoadedObject } from "../../src/index.js";
import { peer } from "./compare.js";

/**
 * ns of CPU time that one snapshot takes, over enough of them to be measured. Not of time on the clock: what others do on this
 * machine meanwhile would hit one side more than the other.
 */
export function measure({ stats }: LoadedObject, times: number): number {
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) stats.refresh();
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1e3) / times;
}

/** The same of a C program that reads the map in that way; `keys` is how many u64 a row has where the map doesn't say. */
export const measurePeer = (way: string, map: number | undefined, times: number, keys = 256): number =>
  Number(peer("snapshot", way, String(map), String(times), String(keys)).split(" ")[0]);
