// SPDX-License-Identifier: MIT
// A vitest reporter that leaves one kind's counts, and why tests were skipped, to test/summary.ts (its own JSON reporter
// leaves the reasons out). SCXKIT_RESULT names the file.

import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { TestError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

/** What one run of one kind left behind. */
export interface KindResult {
  /** What the summary calls it; the kind, unless given. */
  label?: string;
  /** How long it took. */
  seconds: number;
  passed: number;
  /** Each with the file and line, and what was wrong. */
  failed: { test: string; why: string }[];
  skipped: { test: string; reason: string }[];
  /** What went wrong outside a test: a file that can't be loaded, a hook, a stray rejection. */
  errors: string[];
}

/** The result of a run that never was. */
export const nothingRan: KindResult = { seconds: 0, passed: 0, failed: [], skipped: [], errors: [] };

/** An assertion's message (its first lines) and where in the test it stands. */
function explained({ message, stacks }: TestError): string {
  const at = stacks?.find(({ file }) => file.includes("/test/"));
  const where = at ? `${basename(at.file)}:${at.line}: ` : "";
  return where + message.slice(0, 500).split("\n").slice(0, 6).join("\n    ");
}

export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { message: string }[]): void {
    const result: KindResult = {
      seconds: process.uptime(),
      passed: 0,
      failed: [],
      skipped: [],
      errors: unhandled.map((error) => error.message),
    };
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()];
      for (const suite of suites)
        result.errors.push(...suite.errors().map((error) => `${module.relativeModuleId}: ${error.message}`));
      for (const test of module.children.allTests()) {
        const outcome = test.result();
        if (outcome.state === "passed") result.passed++;
        else if (outcome.state === "failed")
          result.failed.push({ test: test.fullName, why: outcome.errors.map(explained).join("; ") });
        // A test that never got to run because its file or a hook failed is no choice of anybody's.
        else if (outcome.state === "pending") result.errors.push(`${test.fullName}: did not run`);
        else result.skipped.push({ test: test.fullName, reason: outcome.note ?? "no reason given" });
      }
    }
    const file = process.env.SCXKIT_RESULT;
    if (!file) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(result, null, 2));
  }
}
