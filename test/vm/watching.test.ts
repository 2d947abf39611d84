// SPDX-License-Identifier: MIT
// How an agent finds schedulers that it doesn't run. Kernels differ in when a link can be found: see rounds.ts.
import { afterEach, expect, it } from "vitest";
import { killed, scxkitUntilKilled, start } from "./agent.js";
import { load } from "./process.js";

afterEach(killed);

// It starts five processes, which takes a busy emulated machine more than a minute.
it("an agent watches schedulers that others load, one after the other", { timeout: 300_000 }, async () => {
  using _work = load();
  const { run: agent } = await start(
    `
scheduler: { running: true }
intervalMs: 300
groups: [stats, events]
sinks: [{ jsonl: }]
`,
    ...["--log", "agent:info"],
  );
  for (let round = 0; round < 2; round++) {
    const from = agent.lines.length;
    const other = scxkitUntilKilled("run", "simple", "--json", "--socket", "none");
    await agent.line(/"scheduler":"simple","state":"enabled","stats":\{"local"/, from);
    other.kill("SIGTERM");
    await other.end();
    await agent.line(/"scheduler":"simple","state":"disabled"/, from);
  }
  const from = agent.lines.length;
  const last = scxkitUntilKilled("run", "simple", "--json", "--socket", "none");
  await agent.line(/"scheduler":"simple","state":"enabled","stats":\{"local"/, from);
  agent.kill("SIGTERM");
  expect(await agent.end()).toBe(0);
  expect(agent.stderr.match(/simple has left/g)).toHaveLength(2); // the last one runs on
  last.kill("SIGTERM");
  await last.end();
});
