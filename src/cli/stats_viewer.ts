// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { schedExt } from "../kernel/sched_ext.js";
import { Sampler } from "../sampler/sampler.js";
import { type RunningOptions, type RunningScheduler, runningScheduler, runningSchedulers } from "../source/running.js";
import { onEnd } from "./ending.js";
import { helpStats } from "./help_stats.js";
import { showLog } from "./log.js";
import { MissedTicks } from "./missed.js";
import { Printer } from "./printer.js";
import type { StatsOptions } from "./stats.js";
import { readStatsMap } from "./stats_map_file.js";

const print = (line: string) => process.stdout.write(`${line}\n`);

/** `scxkit stats`: until the scheduler leaves, or the user ends it. */
export async function showStats(name: string | undefined, options: StatsOptions): Promise<void> {
  showLog(false, []);
  const statsMap = readStatsMap(options.statsMap);
  if (options.list) {
    list(name, options.json ?? false, { statsMap });
    return;
  }
  using scheduler = runningScheduler(name, { statsMap });
  if (options.helpStats) {
    for (const line of helpStats(scheduler.stats.schema)) print(line);
    return;
  }
  const ending = new AbortController();
  using _ = onEnd(() => ending.abort());
  const sampler = new Sampler(scheduler.stats, {
    intervalMs: options.stats * 1000,
    by: options.by ?? [],
    signal: ending.signal,
  });
  const printer = new Printer({ json: options.json ?? false });
  if (options.once) {
    printer.sample(sampler.totals());
    return;
  }
  const missed = new MissedTicks();
  for await (const sample of sampler.iterate({ reuse: true })) {
    missed.look(sampler);
    printer.sample(sample);
  }
}

function list(name: string | undefined, json: boolean, options: RunningOptions): void {
  const all = name === undefined ? runningSchedulers(options) : [runningScheduler(name, options)];
  try {
    for (const scheduler of all) {
      if (json) print(stringify(description(scheduler)) as string);
      else for (const line of lines(scheduler)) print(line);
    }
    if (all.length === 0 && !json) print(`No scheduler runs but the kernel's own (${schedExt.state()}).`);
  } finally {
    for (const scheduler of all) scheduler.close();
  }
}

const description = ({ name, id, callbacks, maps, stats }: RunningScheduler) => ({
  name,
  id,
  state: schedExt.state(),
  switch_all: schedExt.switchAll(),
  nr_rejected: schedExt.nrRejected(),
  enable_seq: schedExt.enableSeq(),
  callbacks,
  maps: Object.values(maps).map((map) => ({ name: map.name, id: map.id, type: map.type })),
  stats: stats.schema.stats.map((stat) => stat.name),
  events: schedExt.events(),
});

function lines(scheduler: RunningScheduler): string[] {
  const { name, id, state, callbacks, maps, stats, events } = description(scheduler);
  const rows = (pairs: readonly (readonly [string, unknown])[]) => {
    const width = Math.max(0, ...pairs.map(([left]) => left.length));
    return pairs.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
  };
  return [
    `${name} (struct_ops map ${id}): ${state}`,
    "Callbacks",
    ...rows(Object.entries(callbacks)),
    "Maps",
    ...rows(maps.map((map) => [map.name, `${map.type}, id ${map.id}`])),
    "Statistics",
    `  ${stats.join(", ") || "none found"}`,
    "Events of sched_ext",
    ...rows(Object.entries(events)),
  ];
}
