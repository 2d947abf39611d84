// SPDX-License-Identifier: MIT
import { type ConformResult, conform, conformChecks } from "../conform/conform.js";
import { printable } from "../inspect/printable.js";
import { defaultSocketPath } from "../protocol/path.js";
import type { ConformCommandOptions } from "./conform.js";
import { onEnd } from "./ending.js";
import { showLog } from "./log.js";

const print = (line: string) => process.stdout.write(`${line}\n`);

const nameWidth = Math.max(...conformChecks.map(({ name }) => name.length));

const words = { passed: "ok", failed: "failed", skipped: "skipped" } as const;

/** `scxkit conform`: resolves with the exit status. */
export async function showConformance(
  socket: string = defaultSocketPath,
  { list, check, timeout, json }: ConformCommandOptions,
): Promise<number> {
  showLog(false, []);
  if (list) {
    for (const { name, rule } of conformChecks) print(json ? JSON.stringify({ check: name, rule }) : row(name, rule));
    return 0;
  }
  const ending = new AbortController();
  using _ = onEnd(() => ending.abort());
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const result of conform(socket, { checks: check, timeoutMs: timeout * 1000, signal: ending.signal })) {
    counts[result.outcome]++;
    if (json) print(JSON.stringify(result));
    else for (const line of lines(result)) print(line);
  }
  if (!json) print(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed > 0 ? 65 : 0;
}

const row = (name: string, rule: string): string => `${name.padEnd(nameWidth)}  ${rule}`;

function lines({ check, rule, outcome, detail, said = [] }: ConformResult): string[] {
  const indent = " ".repeat(11 + nameWidth);
  return [
    `${words[outcome].padEnd(9)}${row(check, rule)}`,
    ...(detail === undefined ? [] : [`${indent}${printable(detail)}`]),
    ...said.map(({ connection, what, text }) => `${indent}  ${connection} ${what.padEnd(8)}  ${text}`),
  ];
}
