// SPDX-License-Identifier: MIT
import { channel } from "node:diagnostics_channel";

export const logLevels = ["error", "warn", "info", "debug", "trace"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The parts of scxkit that say what they do; what `--log MODULE:LEVEL` takes. */
export const logModules = ["agent", "bpf", "libbpf", "protocol", "sampler", "scheduler", "sink"] as const;
export type LogModule = (typeof logModules)[number];

/** What is published on the diagnostics channel `scxkit:log`. */
export interface LogRecord {
  module: LogModule;
  level: LogLevel;
  text: string;
}

const log = channel("scxkit:log");

/**
 * A module's voice. The library itself never prints: it publishes on the `node:diagnostics_channel` named
 * `scxkit:log`, and whoever wants to see it (the command line does) subscribes. Costs next to nothing when nobody does.
 */
export function logger(module: LogModule): Record<LogLevel, (text: string) => void> {
  const at = (level: LogLevel) => (text: string) => {
    if (log.hasSubscribers) log.publish({ module, level, text } satisfies LogRecord);
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug"), trace: at("trace") };
}
