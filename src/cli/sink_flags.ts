// SPDX-License-Identifier: MIT
import type { Command } from "commander";
import { sinkKinds } from "../sinks/registry.js";
import { collect } from "./collect.js";

/** What a command line says of sinks. */
export interface SinkFlags {
  to?: string[];
  prometheus?: boolean;
  prometheusListen?: string;
}

/** Adds the flags that say where metrics go. */
export function addSinkFlags(command: Command): Command {
  return command
    .option(
      "--to <sink>",
      `send the statistics there, as NAME[:ADDRESS][,OPTION=VALUE…] with a name of ${Object.keys(sinkKinds).join(", ")} (repeatable)`,
      collect,
    )
    .option("--prometheus", "let Prometheus scrape them: http://127.0.0.1:9000/metrics")
    .option("--prometheus-listen <addr>", "where, as HOST:PORT or a PORT of 127.0.0.1 (implies --prometheus)");
}
