// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { resolveObject } from "../bpf/bundled.js";
import { inspectObject } from "../inspect/object.js";
import { describeLines } from "../inspect/print.js";
import { helpStats } from "./help_stats.js";
import type { InspectOptions } from "./inspect.js";
import { showLog } from "./log.js";
import { readStatsMap } from "./stats_map_file.js";

/** `scxkit inspect`: prints what an object holds. */
export async function inspect(nameOrPath: string, options: InspectOptions): Promise<void> {
  showLog(options.verbose ?? false, options.log ?? []);
  const object = await inspectObject(resolveObject(nameOrPath), { statsMap: readStatsMap(options.statsMap) });
  const { stats = { name: object.name, stats: [] } } = object;
  const text = options.helpStats
    ? helpStats(stats).join("\n")
    : options.json
      ? stringify(object)
      : describeLines(object).join("\n");
  process.stdout.write(`${text}\n`);
}
