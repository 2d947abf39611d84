// SPDX-License-Identifier: MIT
// place.ts PLACE FILE GROUP…: runs these groups here, which is that place, one after the other, and writes what they found as JSON.
import { writeFileSync } from "node:fs";
import type { Bench, Place, Results } from "./compare.js";

/** What came of a group. */
export type GroupResult = Results | { readonly failed: string };

const [where, file = "", ...names] = process.argv.slice(2);
const results: Record<string, GroupResult> = {};
for (const name of names) {
  process.stderr.write(`bench: ${name}\n`);
  try {
    const { bench } = (await import(`./${name}.js`)) as { bench: Bench };
    results[name] = await bench(where as Place);
  } catch (error) {
    results[name] = { failed: (error as Error).stack ?? String(error) };
  }
  writeFileSync(file, JSON.stringify(results)); // after each, so that a guest's end takes no other group along
}
