// SPDX-License-Identifier: MIT
import { Option } from "commander";
import { sinkKinds } from "../sinks/registry.js";
import { collect } from "./collect.js";

/** What a command that sends statistics was given of sinks. */
export interface SinkFlags {
  to?: string[];
  prometheus?: boolean;
  prometheusListen?: string;
}

const names = Object.keys(sinkKinds).join(", ");

/** The flags that say where statistics go. */
export const sinkFlags = {
  to: new Option(
    "--to <sink>",
    `send them there, as NAME[:ADDRESS][,OPTION=VALUE…] with a name of ${names} (repeatable); in a URL a comma before a WORD= is %2C`,
  ).argParser(collect),
  prometheus: new Option("--prometheus", "let Prometheus scrape them: http://127.0.0.1:9000/metrics"),
  listen: new Option("--prometheus-listen <addr>", "where, as HOST:PORT or a PORT of 127.0.0.1 (implies --prometheus)"),
};
