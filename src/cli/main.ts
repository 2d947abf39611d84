#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ScxError } from "../error.js";
import { statusHelp, statusOfError } from "./status.js";

/** The errors' last words, in place of a stack. */
function complain(error: unknown, verbose: boolean): void {
  if (!(error instanceof ScxError)) {
    process.stderr.write(`scxkit: a fault of its own: ${error instanceof Error ? error.stack : String(error)}\n`);
    return;
  }
  const [cause, ...remedy] = error.message.split("\n");
  process.stderr.write(`scxkit: ${cause} [${error.code}]\n${remedy.map((line) => `  ${line}\n`).join("")}`);
  if (verbose && error.log.length > 0) process.stderr.write(`${error.log.join("\n")}\n`);
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

try {
  // Commands come only now: a missing addon or libbpf ends the import with an error of our own.
  const { addRun } = await import("./run.js");
  const program = new Command("scxkit")
    .description("Run and watch sched_ext schedulers.")
    .version(version)
    .addHelpText("after", statusHelp)
    .exitOverride();
  addRun(program);
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 64;
  else {
    complain(error, process.argv.includes("-v") || process.argv.includes("--verbose"));
    process.exitCode = statusOfError(error);
  }
}
