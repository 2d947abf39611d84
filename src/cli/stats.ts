// SPDX-License-Identifier: MIT
import { type Command, Option } from "commander";
import type { Domain } from "../kernel/topology.js";
import { groupNames } from "../source/group.js";
import { byOption } from "./by.js";
import { collectNames } from "./collect.js";
import { seconds } from "./seconds.js";
import { statusHelp } from "./status.js";

/** What `scxkit stats` was given. Times in seconds. */
export interface StatsOptions {
  stats: number;
  once?: boolean;
  list?: boolean;
  all?: boolean;
  group?: string[];
  enforce?: boolean;
  helpStats?: boolean;
  statsMap?: string;
  by?: Domain[];
  json?: boolean;
}

/** What says something else than rows of samples, and so has no use for what is said of these. */
const ofRows = ["by", "stats"];
const ofAll = ["all", "group", "enforce"];

/** Adds `scxkit stats`. */
export function addStats(program: Command): void {
  program
    .command("stats")
    .description("show the statistics of the scheduler that runs, whoever loaded it; read-only, as root")
    .argument(
      "[name|id|pin]",
      "its name, the id of its struct_ops map, or the path of a pin; the only one unless given",
    )
    .option("--stats <secs>", "interval in seconds", seconds, 1)
    .option("--once", "one reading, then end")
    .addOption(
      new Option("--list", "what runs: its callbacks, programs and maps, and sched_ext's own events").conflicts([
        ...[...ofRows, ...ofAll],
        ...["once", "helpStats"],
      ]),
    )
    .addOption(
      new Option("--all", "everything known about each scheduler, CPU and domain, once: a record each").conflicts(
        ofRows,
      ),
    )
    .addOption(
      new Option(
        "--group <name>",
        `only that group of ${groupNames.join(", ")} (commas between several; implies --all)`,
      )
        .argParser(collectNames)
        .conflicts(ofRows),
    )
    .addOption(new Option("--enforce", "a group that can't be had here is an error (implies --all)").conflicts(ofRows))
    .addOption(
      new Option("--help-stats", "only what its statistics are, each with its type and meaning").conflicts([
        ...[...ofRows, ...ofAll],
        ...["once", "json"],
      ]),
    )
    .option("--stats-map <file>", "where its statistics are and what they mean (JSON), for what its BTF doesn't tell")
    .addOption(byOption())
    .option("--json", "one JSON object a line")
    .addHelpText("after", statusHelp)
    .action(async (name: string | undefined, options: StatsOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      if (options.all || options.group || options.enforce) {
        const { showAll } = await import("./all_stats.js");
        await showAll(name, options);
        return;
      }
      const { showStats } = await import("./stats_viewer.js");
      await showStats(name, options);
    });
}
