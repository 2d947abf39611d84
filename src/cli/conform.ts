// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { collect } from "./collect.js";
import { seconds } from "./seconds.js";
import { statusHelp } from "./status.js";

/** What `scxkit conform` was given. Times in seconds. */
export interface ConformCommandOptions {
  list?: boolean;
  check?: string[];
  timeout: number;
  json?: boolean;
}

/** Adds `scxkit conform`. */
export function addConform(program: Command): void {
  program
    .command("conform")
    .description("hold any scx_stats server against the protocol, rule by rule")
    .argument("[socket]", "the server's socket; the one of the running scheduler unless given")
    .option("--list", "the rules, by the names of their checks")
    .option("--check <name>", "make that check only (repeatable)", collect)
    .option("--timeout <secs>", "what the server may take for each answer", seconds, 2)
    .option("--json", "one JSON object a line: a check and what came of it")
    .addHelpText("after", "\nEnds with 65 when a rule is broken.")
    .addHelpText("after", statusHelp)
    .action(async (socket: string | undefined, options: ConformCommandOptions) => {
      const { showConformance } = await import("./conformer.js");
      process.exitCode = await showConformance(socket, options);
    });
}
