// SPDX-License-Identifier: MIT
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { causeOf, ScxError, type ScxErrorCode } from "../error.js";
import { planStats } from "../source/plan.js";
import { checkStatsMap, type StatsMap } from "../source/stats_map.js";
import type { ObjectSettings } from "./config.js";
import { openBare, settingsOf } from "./opening.js";
import type { Path, Problem } from "./problem.js";

/** Errors that are about a name rather than its value. */
const unknownName: ReadonlySet<ScxErrorCode> = new Set(["ERR_SCX_GLOBAL_UNKNOWN", "ERR_SCX_OPS_UNKNOWN"]);

/**
 * A scheduler as a config names it, with its path absolute. What its file tells to be wrong is added to the problems; that takes no
 * privilege.
 * @param file the config, which paths are relative to
 * @param path where the scheduler stands in it
 */
export async function objectOf(
  given: ObjectSettings,
  file: string,
  path: Path,
  problems: Problem[],
): Promise<ObjectSettings> {
  const wrong = (error: unknown, ...inside: string[]) => {
    const key = error instanceof ScxError && unknownName.has(error.code);
    problems.push({ path: [...path, ...inside], message: causeOf(error), key });
  };
  const statsMap = checked(given.statsMap, (error) => wrong(error, "statsMap"));
  const isPath = /[/]|\.o$/.test(given.object);
  const settings = { ...given, object: isPath ? resolve(dirname(resolve(file)), given.object) : given.object };
  if (isPath && !existsSync(settings.object)) wrong(`there is no file ${settings.object}`, "object");
  else
    try {
      using object = await openBare(settings, new AbortController().signal);
      for (const { where, apply } of settingsOf(settings)) {
        try {
          apply(object);
        } catch (error) {
          wrong(error, ...where);
        }
      }
      try {
        if (statsMap) planStats([{ btf: object.btf, ...object.describe() }], statsMap);
      } catch (error) {
        wrong(error, "statsMap");
      }
    } catch (error) {
      wrong(error, "object");
    }
  return settings;
}

function checked(statsMap: unknown, wrong: (error: unknown) => void): StatsMap | undefined {
  try {
    return statsMap === undefined ? undefined : checkStatsMap(statsMap);
  } catch (error) {
    wrong(error);
    return undefined;
  }
}
