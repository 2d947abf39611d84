// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { defaultSocketPath } from "../protocol/path.js";
import { collect } from "./collect.js";
import { seconds } from "./seconds.js";
import { statusHelp } from "./status.js";

/** What `scxkit monitor` was given. */
export interface MonitorOptions {
  socket: string;
  target?: string;
  arg?: string[];
  once?: boolean;
  meta?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** Adds `scxkit monitor`. */
export function addMonitor(program: Command): void {
  program
    .command("monitor")
    .description("show what any scheduler serves on its scx_stats socket, whoever wrote it; waits for it to come")
    .argument("[secs]", "interval in seconds", seconds, 1)
    .option("--socket <path>", "the scheduler's socket", defaultSocketPath)
    .option("--target <name>", "what to ask for, where the scheduler offers more than one thing")
    .option("--arg <name=value>", "a further argument for the scheduler (repeatable)", collect)
    .option("--once", "one reading, then end; nothing is waited for")
    .option("--meta", "only what its statistics are, each with its type and meaning")
    .option("--json", "one JSON object a line: what the scheduler answered, every number with all its digits")
    .option("-v, --verbose", "say more on stderr")
    .addHelpText("after", statusHelp)
    .action(async (secs: number, options: MonitorOptions) => {
      const { monitor } = await import("./monitoring.js");
      await monitor(secs, options);
    });
}
