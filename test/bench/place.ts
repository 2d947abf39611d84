// SPDX-License-Identifier: MIT
// place.ts FILE GROUP…: runs these groups here, one after the other, and writes what they found as JSON.
import { writeFileSync } from "node:fs";
import type { Bench, Results } from "./compare.js";

/** What came of a group. */
export type GroupResult = Results | { readonly failed: string };

const [file = "", ...names] = process.argv.slice(2);
const results: Record<string, GroupResult> = {};
for (const name of names) {
  process.stderr.write(`bench: ${name}\n`);
  try {
    const { bench } = (await import(`./${name}.js`)) as { bench: Bench };
    results[name] = await bench();
  } catch (error) {
    results[name] = { failed: (error as Error).stack ?? String(error) };
  }
  writeFileSync(file, JSON.stringify(results)); // after each, so that a guest's end takes no other group along
}
