// SPDX-License-Identifier: MIT
// `node --import tsx test/summary.ts FOLDER KIND…`: the last of `make test`. A table of what each kind of test did, each reason
// for a skip, and one line with the totals. Fails when a test failed, or a kind ran nothing.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { KindResult } from "./reporter.js";

const [folder = "", ...kinds] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const notes: string[] = [];
const row = (kind: string, ...cells: (string | number)[]) =>
  console.log(kind.padEnd(9) + cells.map((cell) => String(cell).padStart(9)).join(""));

console.log();
row("kind", "passed", "failed", "skipped");
for (const kind of kinds) {
  const file = join(folder, `${kind}.json`);
  if (!existsSync(file)) {
    total.failed++;
    row(kind, "-", "-", "-");
    notes.push(`${kind}: did not run to its end (see above)`);
    continue;
  }
  const result = JSON.parse(readFileSync(file, "utf8")) as KindResult;
  const ranNothing = result.passed + result.failed.length === 0 && result.skipped.length === 0;
  if (ranNothing) result.errors.push("there was no test to run");
  // An error outside a test counts as a failure of its own.
  const failed = result.failed.length + result.errors.length;
  row(kind, result.passed, failed, result.skipped.length);
  total.passed += result.passed;
  total.failed += failed;
  total.skipped += result.skipped.length;
  notes.push(...result.failed.map((test) => `${kind}: failed: ${test}`));
  notes.push(...result.errors.map((error) => `${kind}: ${error}`));
  const reasons = new Map<string, number>();
  for (const { reason } of result.skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  for (const [reason, count] of reasons) notes.push(`${kind}: ${count} skipped: ${reason}`);
}
if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
console.log(`\nscxkit: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
