// SPDX-License-Identifier: MIT
import { defineConfig } from "vitest/config";

// Four kinds of test, by what they need: nothing (unit), cargo and a crate registry (interop; skipped without), root and
// BPF on any kernel (native), a sched_ext kernel (vm).
const kind = (name: string, extra: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

export default defineConfig({
  root: new URL("..", import.meta.url).pathname,
  test: {
    // What a run transformed, the next reads: it takes an emulated machine a minute, and the unit tests before it a second.
    experimental: { fsModuleCache: true, fsModuleCachePath: "build/vitest" },
    projects: [
      // What is waited for comes in milliseconds, on a busy machine in seconds; a limit is for what never comes.
      kind("unit", { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { interval: 5, timeout: 50_000 } } }),
      kind("interop", { testTimeout: 60_000, expect: { poll: { timeout: 50_000 } } }),
      kind("native", { pool: "forks", testTimeout: 30_000, hookTimeout: 30_000 }),
      // One scheduler at a time: the files of this kind share one kernel. And one process: to import all that they need
      // takes an emulated machine longer than many a test.
      kind("vm", { pool: "forks", isolate: false, fileParallelism: false, testTimeout: 300_000, hookTimeout: 300_000 }),
    ],
  },
});
