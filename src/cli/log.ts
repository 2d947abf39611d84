// SPDX-License-Identifier: MIT
import { subscribe } from "node:diagnostics_channel";
import { type LogLevel, type LogModule, type LogRecord, logLevels, logModules } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { printableText } from "../inspect/printable.js";

const isLevel = (text: string): text is LogLevel => (logLevels as readonly string[]).includes(text);
const isModule = (text: string): text is LogModule => (logModules as readonly string[]).includes(text);

/**
 * Shows the library's log on stderr: warnings always, everything up to `debug` with -v, and what `--log MODULE:LEVEL` asks
 * for.
 * @throws ScxError ERR_SCX_USAGE
 */
export function showLog(verbose: boolean, wanted: readonly string[]): void {
  const fallback: LogLevel = verbose ? "debug" : "warn";
  const levels = new Map<LogModule, LogLevel>();
  for (const item of wanted) {
    const [module = "", level = ""] = item.split(":");
    if (!isModule(module) || !isLevel(level))
      throw new ScxError("ERR_SCX_USAGE", {
        op: "log",
        message: `--log ${item}: no such module or level.`,
        remedy: `Give MODULE:LEVEL with a module of ${logModules.join(", ")} and a level of ${logLevels.join(", ")}.`,
      });
    levels.set(module, level);
  }
  subscribe("scxkit:log", (message) => {
    const { module, level, text } = message as LogRecord;
    if (logLevels.indexOf(level) <= logLevels.indexOf(levels.get(module) ?? fallback))
      process.stderr.write(`${level} ${module}: ${printableText(text)}\n`);
  });
}
