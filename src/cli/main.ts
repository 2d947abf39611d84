#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { Command, CommanderError } from "commander";
import { ScxError } from "../error.js";
import { printableText } from "../inspect/printable.js";
import { packageVersion } from "../package.js";
import { addAgent } from "./agent.js";
import { addConform } from "./conform.js";
import { addDoctor } from "./doctor.js";
import { addExport } from "./export.js";
import { addGen } from "./gen.js";
import { addInspect } from "./inspect.js";
import { addMonitor } from "./monitor.js";
import { addRelay } from "./relay.js";
import { addReplay } from "./replay.js";
import { addRun } from "./run.js";
import { addStats } from "./stats.js";
import { statusHelp, statusOfError } from "./status.js";

const say = (text: string) => process.stderr.write(`scxkit: ${printableText(text)}\n`);

/** An error's last words, in place of a stack. */
function complain(error: unknown, verbose: boolean): void {
  if (!(error instanceof ScxError)) {
    say(`a fault of its own: ${error instanceof Error ? error.stack : String(error)}`);
    return;
  }
  if (error.code === "ERR_SCX_ABORTED") return; // the user knows
  const [cause, ...remedy] = error.message.split("\n");
  // All that is wrong with a config is of use at once.
  const all = error.code === "ERR_SCX_CONFIG" && error.log.length > 1;
  say([`${cause} [${error.code}]`, ...remedy.map((line) => `  ${line}`)].join("\n"));
  if ((verbose || all) && error.log.length > 0) process.stderr.write(`${error.log.join("\n")}\n`);
}

// Nobody reads on (`| head`): that is no failure. Anything else is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  say(`The output can't be written: ${error.message}.\n  Check the disk or the program that it goes to.`);
  process.exitCode = 73;
});

// Who doesn't read what is said on stderr doesn't end what runs, a scheduler for instance.
process.stderr.on("error", () => {});

const program = new Command("scxkit")
  .description("Run and watch sched_ext schedulers.")
  .version(packageVersion)
  .addHelpText("after", statusHelp);
addRun(program);
addInspect(program);
addStats(program);
addExport(program);
addGen(program);
addMonitor(program);
addRelay(program);
addReplay(program);
addConform(program);
addDoctor(program);
addAgent(program);
for (const command of [program, ...program.commands]) {
  const help = `Read ${command === program ? "scxkit" : `scxkit ${command.name()}`} --help.`;
  command.exitOverride().configureOutput({
    outputError: (text) => say(`${text.trim().replace(/^error: /, "")} [ERR_SCX_USAGE]\n  ${help}`),
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 64;
  else {
    complain(error, process.argv.includes("-v") || process.argv.includes("--verbose"));
    process.exitCode = statusOfError(error);
  }
}
