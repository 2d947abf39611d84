// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from "commander";
import { bundled } from "../bpf/bundled.js";
import type { Domain } from "../kernel/topology.js";
import { defaultSocketPath } from "../protocol/path.js";
import { type RestartPolicy, restartPolicies } from "../scheduler/restart.js";
import { type ClearMode, clearModes } from "../source/clear_mode.js";
import { byOption } from "./by.js";
import { collect } from "./collect.js";
import { seconds } from "./seconds.js";
import { type SinkFlags, sinkFlags } from "./sink_flags.js";
import { type SocketFileOptions, socketFlags } from "./socket_options.js";
import { statusHelp } from "./status.js";

/** What `scxkit run` was given. Times in seconds. */
export interface RunOptions extends SinkFlags, SocketFileOptions {
  stats: number;
  duration?: number;
  set?: string[];
  resize?: string[];
  ops?: string[];
  opsMap?: string;
  program?: string[];
  kconfig?: string;
  socket: string;
  json?: boolean;
  mode: "delta" | ClearMode;
  statsMap?: string;
  by?: Domain[];
  exitDump?: string;
  verifierLog?: string;
  restart: RestartPolicy;
  restartLimit: { limit: number; windowMs: number };
  restartDelay: number;
  fallback?: string[];
  rt?: boolean;
  user?: string;
  verbose?: boolean;
  log?: string[];
}

function budget(text: string): { limit: number; windowMs: number } {
  const [, limit, secs] = /^(\d{1,6})\/(\d*\.?\d+)$/.exec(text) ?? [];
  if (limit === undefined || secs === undefined || Number(secs) <= 0)
    throw new InvalidArgumentError("Give TIMES/SECONDS: 5/60.");
  return { limit: Number(limit), windowMs: Number(secs) * 1000 };
}

/** Adds `scxkit run`. */
export function addRun(program: Command): void {
  program
    .command("run")
    .description("load a scheduler, let the kernel schedule by it, show its statistics until it leaves")
    .argument(
      "<object|name>",
      `an object file, or a scheduler that scxkit brings: ${bundled().join(", ") || "none is built"}`,
    )
    .option("--stats <secs>", "interval of the statistics in seconds", seconds, 1)
    .option("--duration <secs>", "detach after that many seconds", seconds)
    .option(
      "--set <global=value>",
      "set a global variable of the object, or a part of one: config.low=5, limits[1]=7 (repeatable)",
      collect,
    )
    .option("--resize <name=n>", "give a resizable array n elements, or a map n entries (repeatable)", collect)
    .option(
      "--ops <field=value>",
      "set a field of its sched_ext_ops: timeout_ms=5000, flags=SWITCH_PARTIAL|ENQ_LAST (repeatable)",
      collect,
    )
    .option("--ops-map <name>", "run that scheduler of the object, which holds several")
    .option(
      "--program <name=use>",
      "a program beside the scheduler: off, load (but not attach) or on (repeatable)",
      collect,
    )
    .option("--kconfig <file>", "take the kernel's configuration from that file first, if the object asks for it")
    .option("--socket <path|none>", "serve the statistics there (scx_stats protocol)", defaultSocketPath)
    .addOption(socketFlags.mode)
    .addOption(socketFlags.owner)
    .addOption(socketFlags.group)
    .addOption(socketFlags.allow)
    .option("--json", "one JSON object a line: samples, at last the exit")
    .addOption(sinkFlags.to)
    .addOption(sinkFlags.prometheus)
    .addOption(sinkFlags.listen)
    .option("--stats-map <file>", "where its statistics are and what they mean (JSON), for what its BTF doesn't tell")
    .addOption(byOption())
    .addOption(
      new Option(
        "--mode <mode>",
        "reset: clear the counters in the kernel at each interval, exactly; zero: by writing zeros, where there is nothing but counters",
      )
        .choices(["delta", ...clearModes])
        .default("delta"),
    )
    .addOption(
      new Option("--restart <policy>", "start it again when it has failed (always: or left by itself)")
        .choices(restartPolicies)
        .default("no"),
    )
    .option("--restart-limit <times/secs>", "how often, before it is given up", budget, budget("5/60"))
    .option(
      "--restart-delay <secs>",
      "before the first restart; doubles with each further one, up to 30 s",
      seconds,
      0.5,
    )
    .option("--fallback <object|name>", "what to run when it is given up (repeatable, in this order)", collect)
    .option("--rt", "run the loader under SCHED_FIFO, so that a stalling scheduler doesn't stall it")
    .option("--user <name>", "when everything is loaded, become that user without any privilege")
    .option("--exit-dump <file>", "write the exit there, with the kernel's whole debug dump")
    .option("--verifier-log <file>", "write the verifier's whole log there, when it refuses the object")
    .option("-v, --verbose", "say more on stderr, with libbpf's messages and the verifier's log")
    .option("--log <module:level>", "say more of one module: libbpf:debug (repeatable)", collect)
    .addHelpText("after", statusHelp)
    .action(async (object: string, options: RunOptions) => {
      // Only now: a missing addon is no reason to refuse help.
      const { run } = await import("./runner.js");
      process.exitCode = (await run(object, options)) || (process.exitCode ?? 0);
    });
}
