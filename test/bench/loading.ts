// SPDX-License-Identifier: MIT
// Runs in the kernel VM: loading.ts FILE. From open to attach returned, ours against the C loader's, each time in a fresh
// process. Writes the comparison as JSON.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";
import { shippedObject } from "../objects.js";
import { type Comparison, peer } from "./compare.js";

const rounds = 20;
const simple = shippedObject("simple");
const loader = fileURLToPath(new URL("loader.mjs", import.meta.url));
const result: Comparison = {
  what: "from open to attach returned, against a C loader with the same duties",
  where: `kernel VM, Linux ${release()}`,
  unit: "ms",
  limit: 1.1,
  ours: [],
  peers: [],
};
for (let round = -1; round < rounds; round++) {
  const ours = Number(execFileSync(process.execPath, [loader, simple], { encoding: "utf8" }));
  const peers = Number(peer("loader", simple));
  if (round < 0) continue; // the first pair warms the page cache
  result.ours.push(ours);
  result.peers.push(peers);
}
writeFileSync(process.argv[2] ?? "", JSON.stringify(result));
