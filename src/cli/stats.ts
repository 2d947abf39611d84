// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { seconds } from "./seconds.js";
import { statusHelp } from "./status.js";

/** What `scxkit stats` was given. Times in seconds. */
export interface StatsOptions {
  stats: number;
  once?: boolean;
  list?: boolean;
  statsMap?: string;
  json?: boolean;
}

/** Adds `scxkit stats`. */
export function addStats(program: Command): void {
  program
    .command("stats")
    .description("show the statistics of the scheduler that runs, whoever loaded it; read-only, as root")
    .argument("[name|id]", "its name, or the id of its struct_ops map; the only one unless given")
    .option("--stats <secs>", "interval in seconds", seconds, 1)
    .option("--once", "one reading, then end")
    .option("--list", "what runs: its callbacks, programs and maps, and sched_ext's own events")
    .option("--stats-map <file>", "where its statistics are and what they mean (JSON), for what its BTF doesn't tell")
    .option("--json", "one JSON object a line")
    .addHelpText("after", statusHelp)
    .action(async (name: string | undefined, options: StatsOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { showStats } = await import("./stats_viewer.js");
      await showStats(name, options);
    });
}
