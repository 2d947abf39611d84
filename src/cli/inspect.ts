// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { bundled } from "../bpf/bundled.js";
import { collect } from "./collect.js";
import { statusHelp } from "./status.js";

/** What `scxkit inspect` was given. */
export interface InspectOptions {
  json?: boolean;
  statsMap?: string;
  helpStats?: boolean;
  verbose?: boolean;
  log?: string[];
}

/** Adds `scxkit inspect`. */
export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("show what an object file holds and what it needs of the kernel; no privileges needed")
    .argument(
      "<object|name>",
      `an object file, or a scheduler that scxkit brings: ${bundled().join(", ") || "none is built"}`,
    )
    .option("--json", "all of it as one JSON object, every number with all its digits")
    .option("--stats-map <file>", "where its statistics are and what they mean (JSON), for what its BTF doesn't tell")
    .option("--help-stats", "only its statistics, each with its type and meaning")
    .option("-v, --verbose", "say more on stderr, with libbpf's messages")
    .option("--log <module:level>", "say more of one module: libbpf:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (object: string, options: InspectOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { inspect } = await import("./inspector.js");
      await inspect(object, options);
    });
}
