// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { bundled } from "../bpf/bundled.js";
import { collect } from "./collect.js";
import { statusHelp } from "./status.js";

interface GenOptions {
  output: string;
  path?: string;
  import?: string;
  statsMap?: string;
  verbose?: boolean;
  log?: string[];
}

/** Adds `scxkit gen`. */
export function addGen(program: Command): void {
  program
    .command("gen")
    .description("write TypeScript for an object file: the types of its globals, ops, maps, programs and statistics")
    .argument(
      "<object|name>",
      `an object file, or a scheduler that scxkit brings: ${bundled().join(", ") || "none is built"}`,
    )
    .option("-o, --output <file>", "where to write it; - is stdout", "-")
    .option("--path <path>", "where the object is, relative to FILE: then the module's open function needs no path")
    .option("--import <module>", "what the module imports scxkit from", "scxkit")
    .option("--stats-map <file>", "where its statistics are and what they mean (JSON), for what its BTF doesn't tell")
    .option("-v, --verbose", "say more on stderr, with libbpf's messages")
    .option("--log <module:level>", "say more of one module: libbpf:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (object: string, options: GenOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { generate } = await import("./generator.js");
      await generate(object, { ...options, library: options.import });
    });
}
