// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError } from "commander";
import { defaultSocketPath } from "../protocol/path.js";
import { type SocketFileOptions, socketFlags } from "./socket_options.js";
import { statusHelp } from "./status.js";

/** What `scxkit replay` was given. */
export interface ReplayCommandOptions extends SocketFileOptions {
  socket: string;
  speed: number;
  step?: boolean;
  loop?: boolean;
  verbose?: boolean;
}

function speed(text: string): number {
  if (!/^\d*\.?\d+$/.test(text) || Number(text) <= 0) throw new InvalidArgumentError("Give a number over 0.");
  return Number(text);
}

/** Adds `scxkit replay`. */
export function addReplay(program: Command): void {
  program
    .command("replay")
    .description("serve what scxkit relay has recorded, where no scheduler runs; ends with the recording")
    .argument("<file>", "the recording")
    .option("--socket <path>", "the socket to serve", defaultSocketPath)
    .addOption(socketFlags.mode)
    .addOption(socketFlags.owner)
    .addOption(socketFlags.group)
    .addOption(socketFlags.allow)
    .option("--speed <n>", "how many times as fast as it was recorded", speed, 1)
    .option("--step", "in place of time: each client is told the next answer with each of its requests")
    .option("--loop", "begin anew at the end")
    .option("-v, --verbose", "say more on stderr")
    .addHelpText("after", statusHelp)
    .action(async (file: string, options: ReplayCommandOptions) => {
      const { replay } = await import("./relaying.js");
      await replay(file, options);
    });
}
