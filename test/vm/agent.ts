// SPDX-License-Identifier: MIT
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kernelIsFree, type Running, scxkit } from "./process.js";

const started: Running[] = [];

/** The command, which {@link killed} ends. */
export function scxkitUntilKilled(...args: string[]): Running {
  const run = scxkit(...args);
  started.push(run);
  return run;
}

/** Ends what still runs of what a test started, and waits for the kernel to have its own scheduler back. */
export async function killed(): Promise<void> {
  for (const run of started.splice(0)) run.kill("SIGKILL");
  await kernelIsFree();
}

/** A folder, ROOT in configs, with a config; the agent that goes by it. */
export async function start(config: string, ...flags: string[]) {
  const root = mkdtempSync(join(tmpdir(), "scxkit-agent-"));
  const file = join(root, "agent.yaml");
  const write = (text: string) => writeFileSync(file, text.replaceAll("ROOT", root));
  write(config);
  return { root, run: scxkitUntilKilled("agent", "--config", file, ...flags), write };
}
