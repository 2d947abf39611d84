// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { defaultSocketPath } from "../protocol/path.js";
import { collect } from "./collect.js";
import { seconds } from "./seconds.js";
import { type SinkFlags, sinkFlags } from "./sink_flags.js";
import { statusHelp } from "./status.js";

/** What `scxkit export` was given. Times in seconds. */
export interface ExportOptions extends SinkFlags {
  socket: string;
  stats: number;
  target?: string;
  rules?: string;
  scheduler?: string;
  label?: string[];
  timeout: number;
  verbose?: boolean;
  log?: string[];
}

/** Adds `scxkit export`. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description(
      "send what any scheduler serves on its scx_stats socket to where metrics are kept; waits for it to come",
    )
    .option("--socket <path>", "the scheduler's socket", defaultSocketPath)
    .addOption(sinkFlags.to)
    .addOption(sinkFlags.prometheus)
    .addOption(sinkFlags.listen)
    .option("--stats <secs>", "interval in seconds", seconds, 1)
    .option("--target <name>", "what to ask for, where the scheduler offers more than one thing")
    .option("--rules <file>", "what its metadata don't say: kinds, units, names, labels (JSON)")
    .option("--scheduler <name>", "what to call it; the one that runs on this kernel unless given")
    .option("--label <name=value>", "a label of all metrics (repeatable)", collect)
    .option("--timeout <secs>", "how long it may take to answer", seconds, 5)
    .option("-v, --verbose", "say more on stderr")
    .option("--log <module:level>", "say more of one module: sink:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (options: ExportOptions) => {
      const { exportStats } = await import("./exporter.js");
      await exportStats(options);
    });
}
