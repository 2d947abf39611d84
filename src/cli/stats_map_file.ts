// SPDX-License-Identifier: MIT
import { parse } from "lossless-json";
import { ScxError } from "../error.js";
import { checkStatsMap, type StatsMap } from "../source/stats_map.js";
import { readText } from "./text_file.js";

/** What `--stats-map FILE` says. @throws ScxError ERR_SCX_STATS_MAP, and those of a file that can't be read */
export function readStatsMap(path: string | undefined): StatsMap | undefined {
  if (path === undefined) return undefined;
  const text = readText("--stats-map", path);
  let value: unknown;
  try {
    value = parse(text, null, Number); // unlike JSON's own it refuses a name that stands twice
  } catch (cause) {
    throw new ScxError("ERR_SCX_STATS_MAP", {
      op: "map",
      message: `--stats-map ${path} is no usable JSON: ${(cause as Error).message}.`,
      remedy: 'Write {"stats": {"PLACE": {"name": …, "kind": "counter", "desc": …}}}.',
      cause,
    });
  }
  return checkStatsMap(value);
}
