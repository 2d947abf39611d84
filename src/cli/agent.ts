// SPDX-License-Identifier: MIT
import { type Command, Option } from "commander";
import { collect } from "./collect.js";
import { statusHelp } from "./status.js";

/** What `scxkit agent` was given. */
export interface AgentOptions {
  config?: string;
  check?: boolean;
  printSchema?: boolean;
  verbose?: boolean;
  log?: string[];
}

/** Adds `scxkit agent`. */
export function addAgent(program: Command): void {
  program
    .command("agent")
    .description(
      "do what a config file says: watch a scheduler, collect, give it to sinks, look for anomalies; SIGHUP reloads",
    )
    .option("--config <file>", "the config, in YAML")
    .addOption(new Option("--check", "say all that is wrong with the config, and end").conflicts("printSchema"))
    .option("--print-schema", "print the JSON Schema of configs, for editors")
    .option("-v, --verbose", "say more on stderr, with libbpf's messages and the verifier's log")
    .option("--log <module:level>", "say more of one module: agent:info (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (options: AgentOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { agent } = await import("./agent_runner.js");
      process.exitCode = (await agent(options)) || (process.exitCode ?? 0);
    });
}
