// SPDX-License-Identifier: MIT
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentConfig, loadConfig } from "../../../src/agent/load.js";
import type { ScxError } from "../../../src/error.js";

/** A folder of its own, with these files. */
export function folder(files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), "scxkit-agent-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

/** Loads a config of this text, beside these files. */
export const load = (
  text: string,
  files: Record<string, string> = {},
  environment: NodeJS.ProcessEnv = {},
): Promise<AgentConfig> => loadConfig(join(folder({ ...files, "agent.yaml": text }), "agent.yaml"), environment);

/** What is wrong with a config of this text, as `line:column: message`. */
export async function problems(text: string, files: Record<string, string> = {}): Promise<string[]> {
  const error = await load(text, files).then(
    () => undefined,
    (reason: ScxError) => reason,
  );
  if (error === undefined) return [];
  if (error.code !== "ERR_SCX_CONFIG") throw error;
  return error.log.map((line) => line.replace(/^.*agent\.yaml:/, ""));
}
