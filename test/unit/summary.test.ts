// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkout } from "../objects.js";
import type { KindResult } from "../reporter.js";

const result = (more: Partial<KindResult>): KindResult => ({
  seconds: 1,
  passed: 0,
  failed: [],
  skipped: [],
  errors: [],
  ...more,
});

/** Runs the summary over results by their files' names. */
function summarise(results: Record<string, KindResult>, ...kinds: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
  for (const [name, one] of Object.entries(results)) writeFileSync(join(folder, `${name}.json`), JSON.stringify(one));
  const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", "test/summary.ts", folder, ...kinds], {
    cwd: checkout,
    encoding: "utf8",
  });
  return { status, lines: stdout.trim().split("\n") };
}

it("has a line for each kind and kernel, in the order of the runs, with how long it took", () => {
  const { status, lines } = summarise(
    {
      unit: result({ passed: 3, seconds: 5 }),
      "vm-10": result({ passed: 2, seconds: 61, label: "vm 7.2.12" }),
      "vm-2": result({ passed: 1, seconds: 119.6, label: "vm 6.18.15", skipped: [{ test: "t", reason: "why" }] }),
    },
    "unit",
    "vm",
  );
  expect(status).toBe(0);
  expect(lines).toEqual([
    "kind         passed   failed  skipped    min:s",
    "unit              3        0        0     0:05",
    "vm 6.18.15        1        0        1     2:00",
    "vm 7.2.12         2        0        0     1:01",
    "",
    "vm 6.18.15: 1 skipped: why",
    "",
    "scxkit: 6 passed, 0 failed, 1 skipped",
  ]);
});

it("fails for a failed test, a kernel that can't be had, a kind without a test, and one that isn't there", () => {
  const { status, lines } = summarise(
    {
      unit: result({ passed: 3, failed: [{ test: "one", why: "a.test.ts:3: 1 is not 2" }] }),
      "vm-1": result({ label: "vm 6.10", errors: ["no kernel 6.10"] }),
      native: result({}),
    },
    "unit",
    "interop",
    "native",
    "vm",
  );
  expect(status).toBe(1);
  expect(lines.slice(6)).toEqual([
    "unit: failed: one",
    "    a.test.ts:3: 1 is not 2",
    "interop: did not run to its end (see above)",
    "native: there was no test to run",
    "vm 6.10: no kernel 6.10",
    "",
    "scxkit: 3 passed, 4 failed, 0 skipped",
  ]);
});
