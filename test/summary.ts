// SPDX-License-Identifier: MIT
// `node --import tsx test/summary.ts FOLDER KIND…`: the last of `make test`. A table of what each kind of test did and how long
// it took, each reason for a skip, and one line with the totals. A kind may have run several times (`vm-1.json`, `vm-2.json`: one
// for each kernel). Fails when a test failed, or a kind ran nothing.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type KindResult, nothingRan } from "./reporter.js";

const [folder = "", ...kinds] = process.argv.slice(2);

/** The results of a kind, in the order of its runs. */
function resultsOf(kind: string): KindResult[] {
  const number = (name: string) => Number(/\d+/.exec(name.slice(kind.length))?.[0] ?? 0);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = names
    .filter((name) => new RegExp(`^${kind}(-\\d+)?\\.json$`).test(name))
    .sort((a, b) => number(a) - number(b))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as KindResult);
  return found.length > 0 ? found : [{ ...nothingRan, errors: ["did not run to its end (see above)"] }];
}

const clock = (seconds: number) =>
  `${Math.floor(Math.round(seconds) / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;

const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [["kind", "passed", "failed", "skipped", "min:s"]];
const notes: string[] = [];
for (const kind of kinds)
  for (const result of resultsOf(kind)) {
    const { label = kind, passed, skipped } = result;
    if (passed + result.failed.length + skipped.length + result.errors.length === 0)
      result.errors.push("there was no test to run");
    // An error outside a test counts as a failure of its own.
    const failed = result.failed.length + result.errors.length;
    rows.push([label, ...[passed, failed, skipped.length].map(String), clock(result.seconds)]);
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped.length;
    notes.push(...result.failed.map(({ test, why }) => `${label}: failed: ${test}\n    ${why}`));
    notes.push(...result.errors.map((error) => `${label}: ${error}`));
    const reasons = new Map<string, number>();
    for (const { reason } of skipped) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    for (const [reason, count] of reasons) notes.push(`${label}: ${count} skipped: ${reason}`);
  }

const width = Math.max(...rows.map(([label = ""]) => label.length));
console.log();
for (const [label = "", ...cells] of rows)
  console.log(label.padEnd(width) + cells.map((cell) => cell.padStart(9)).join(""));
if (notes.length > 0) console.log(`\n${notes.join("\n")}`);
console.log(`\nscxkit: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
