// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { defaultSocketPath } from "../protocol/path.js";
import { seconds } from "./seconds.js";
import { type SocketFileOptions, socketFlags } from "./socket_options.js";
import { statusHelp } from "./status.js";

/** What `scxkit relay` was given. Times in seconds. */
export interface RelayCommandOptions extends SocketFileOptions {
  from: string;
  socket: string;
  interval: number;
  record?: string;
  verbose?: boolean;
}

/** Adds `scxkit relay`. */
export function addRelay(program: Command): void {
  program
    .command("relay")
    .description("serve any number of clients from one session with a scheduler's socket, and record what it answers")
    .option("--from <path>", "the scheduler's socket", defaultSocketPath)
    .requiredOption("--socket <path>", "the socket to serve")
    .addOption(socketFlags.mode)
    .addOption(socketFlags.owner)
    .addOption(socketFlags.group)
    .addOption(socketFlags.allow)
    .option("--interval <secs>", "how long one answer is everybody's; clients ask as often", seconds, 1)
    .option("--record <file>", "write what it answers there, for scxkit replay; asks by itself each interval")
    .option("-v, --verbose", "say more on stderr")
    .addHelpText("after", statusHelp)
    .action(async (options: RelayCommandOptions) => {
      const { relay } = await import("./relaying.js");
      await relay(options);
    });
}
