// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { shippedObject } from "../objects.js";
import { type Bench, peer, place } from "./compare.js";

const { openToAttached } = (await import("./loader.mjs" as string)) as {
  openToAttached(path: string): Promise<bigint>;
};

const rounds = 20;
const simple = shippedObject("simple");
const loader = fileURLToPath(new URL("loader.mjs", import.meta.url));

/**
 * From open to attach returned, ours against the C loader's: in a process that does nothing else, where Node compiles our code
 * first; and in one that has loaded before, as a supervisor that restarts a scheduler.
 */
export const bench: Bench = async () => {
  const comparison = (what: string) => ({
    what: `from open to attach returned, ${what}, against a C loader with the same duties`,
    where: place("kernel VM"),
    unit: "ms",
    limit: { atMost: 1.1 },
    ours: [] as number[],
    peer: { name: "C", values: [] as number[] },
  });
  const first = comparison("a process's first time");
  const again = comparison("again in the same process");
  for (let round = -1; round < rounds; round++) {
    const ours = Number(execFileSync(process.execPath, [loader, simple], { encoding: "utf8" }));
    const peers = Number(peer("loader", simple));
    const warm = Number(await openToAttached(simple));
    if (round < 0) continue; // warms the page cache, and us for `again`
    first.ours.push(ours / 1e6);
    again.ours.push(warm / 1e6);
    first.peer.values.push(peers / 1e6);
    again.peer.values.push(peers / 1e6);
  }
  return { comparisons: [again, first] };
};
