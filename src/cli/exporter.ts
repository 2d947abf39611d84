// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { applyRules, parseRules } from "../export/rules.js";
import { checkSocketPath } from "../protocol/path.js";
import { followSamples } from "../protocol/samples.js";
import { Clock } from "../sampler/clock.js";
import { awayEvent } from "../sinks/away_event.js";
import { labelProblem } from "../sinks/label_check.js";
import { assignment } from "./assignment.js";
import { onEnd } from "./ending.js";
import type { ExportOptions } from "./export.js";
import { showLog } from "./log.js";
import { openSinks } from "./sink_specs.js";
import { readText } from "./text_file.js";

/** `scxkit export`: until the user ends it. */
export async function exportStats(options: ExportOptions): Promise<void> {
  showLog(options.verbose ?? false, options.log ?? []);
  const ending = new AbortController();
  using _ = onEnd(() => ending.abort());
  const rules = options.rules === undefined ? undefined : parseRules(options.rules, readText("--rules", options.rules));
  const labels = labelsOf(options.label ?? []);
  checkSocketPath(options.socket, "connect");
  await using sinks = await openSinks(options, ending.signal, labels);
  if (sinks.queues.length === 0)
    throw new ScxError("ERR_SCX_USAGE", {
      op: "export",
      message: "It is not said where to export to.",
      remedy: "Give --to SINK, or --prometheus.",
    });
  const { socket: path, target, scheduler, stats, timeout } = options;
  const everyMs = stats * 1000;
  /** The scheduler, while it answers. */
  let up: string | undefined;
  const report = () => sinks.report(up !== undefined, everyMs);
  // Also while the scheduler is away: that it is, is news.
  const clock = new Clock(everyMs, report);
  clock.start();
  using _clock = { [Symbol.dispose]: () => clock.stop() };
  for await (const { schema, sample } of followSamples({
    path,
    target,
    scheduler,
    intervalMs: everyMs,
    timeoutMs: timeout * 1000,
    away: () => {
      if (up === undefined) return;
      sinks.push(awayEvent(up, labels));
      up = undefined;
      report();
    },
    change: rules && ((schema) => applyRules(rules, schema)),
    signal: ending.signal,
  })) {
    if (up !== undefined && up !== sample.scheduler) sinks.push(awayEvent(up, labels)); // within one interval
    up = sample.scheduler;
    sinks.push({ type: "sample", group: "stats", schema, sample, labels, everyMs });
  }
}

/** Labels as they are written. @throws ScxError ERR_SCX_USAGE */
function labelsOf(texts: readonly string[]): Record<string, string> {
  const given = texts.map((text) => assignment("--label", text));
  const names = given.map(([name]) => name);
  for (const [i, name] of names.entries()) {
    const problem = names.indexOf(name) < i ? `"${name}" is given twice` : labelProblem(name, names);
    if (problem !== undefined)
      throw new ScxError("ERR_SCX_USAGE", {
        op: "export",
        message: `--label ${texts[i]}: ${problem}.`,
        remedy: "Give each label once, by a name of its own.",
      });
  }
  return Object.fromEntries(given);
}
