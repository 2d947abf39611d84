// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { iterateAllStats, type StatsRecord } from "../sampler/all_stats.js";
import { showLog } from "./log.js";
import type { StatsOptions } from "./stats.js";
import { readStatsMap } from "./stats_map_file.js";

/** `scxkit stats --all`: a record for each entity. */
export async function showAll(
  name: string | undefined,
  { group, enforce, json, statsMap }: StatsOptions,
): Promise<void> {
  showLog(false, []);
  const records = iterateAllStats({
    ...(group && { groups: group }),
    ...(enforce && { flags: ["enforce"] }),
    ...(name !== undefined && { schedulers: [name] }),
    statsMap: readStatsMap(statsMap),
  });
  for await (const record of records)
    for (const line of json ? [jsonLine(record)] : lines(record)) process.stdout.write(`${line}\n`);
}

const jsonLine = ({ entity, name, params }: StatsRecord): string =>
  stringify({
    entity,
    name,
    params: Object.fromEntries([...params].map(([key, { value }]) => [key, value])),
  }) as string;

function lines({ entity, name, params }: StatsRecord): string[] {
  const width = Math.max(0, ...[...params.keys()].map((key) => key.length));
  return [`${entity} ${name}`, ...[...params].map(([key, { value }]) => `  ${key.padEnd(width)}  ${value}`)];
}
