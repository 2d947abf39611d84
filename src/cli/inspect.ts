// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { collect } from "./collect.js";
import { bundled } from "./schedulers.js";
import { statusHelp } from "./status.js";

interface InspectOptions {
  json?: boolean;
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
    .option("-v, --verbose", "say more on stderr, with libbpf's messages")
    .option("--log <module:level>", "say more of one module: libbpf:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (object: string, options: InspectOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { inspect } = await import("./inspector.js");
      await inspect(object, options);
    });
}
