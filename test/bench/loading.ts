// SPDX-License-Identifier: MIT
// Runs in the kernel VM: loading.ts FILE. From open to attach returned, ours against the C loader's: in a process that does
// nothing else, where Node compiles our code first; and in one that has loaded before, as a supervisor that restarts a
// scheduler. Writes the comparisons as JSON.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";
import { shippedObject } from "../objects.js";
import { type Comparison, peer } from "./compare.js";

const { openToAttached } = (await import("./loader.mjs" as string)) as {
  openToAttached(path: string): Promise<bigint>;
};

const rounds = 20;
const simple = shippedObject("simple");
const loader = fileURLToPath(new URL("loader.mjs", import.meta.url));
const comparison = (what: string): Comparison => ({
  what: `from open to attach returned, ${what}, against a C loader with the same duties`,
  where: `kernel VM, Linux ${release().split(".", 2).join(".")}`,
  unit: "ms",
  limit: 1.1,
  ours: [],
  peers: [],
});
const first = comparison("a process's first time");
const again = comparison("again in the same process");
for (let round = -1; round < rounds; round++) {
  const ours = Number(execFileSync(process.execPath, [loader, simple], { encoding: "utf8" }));
  const peers = Number(peer("loader", simple));
  const warm = Number(await openToAttached(simple));
  if (round < 0) continue; // warms the page cache, and us for `again`
  first.ours.push(ours);
  again.ours.push(warm);
  first.peers.push(peers);
  again.peers.push(peers);
}
writeFileSync(process.argv[2] ?? "", JSON.stringify([again, first]));
