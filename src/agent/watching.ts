// SPDX-License-Identifier: MIT
import { checkStatsMap } from "../source/stats_map.js";
import type { ObjectSettings } from "./config.js";
import type { AgentConfig } from "./load.js";
import { OwnScheduler } from "./own.js";
import { RunningSchedulers } from "./running.js";
import { SocketScheduler } from "./socket.js";
import type { Watched, WatchedListener } from "./watched.js";

/**
 * Begins to watch what a config names, or to run it.
 * @throws ScxError what loading a scheduler, or reading one that runs, throws
 */
export async function watch(
  { watched, fallbacks, settings: { restart, intervalMs } }: AgentConfig,
  signal: AbortSignal,
  listener: WatchedListener,
): Promise<Watched | undefined> {
  if (watched?.socket !== undefined)
    return new SocketScheduler(
      { path: watched.socket, target: watched.target, rules: watched.rules, intervalMs },
      listener,
    );
  if (watched?.running !== undefined && watched.running !== false) {
    const name = watched.running === true ? undefined : watched.running;
    const statsMap = watched.statsMap && checkStatsMap(watched.statsMap);
    return new RunningSchedulers({ name, statsMap, intervalMs }, listener);
  }
  if (watched?.object === undefined) return undefined;
  return OwnScheduler.start({ object: watched as ObjectSettings, fallbacks, restart, intervalMs, signal }, listener);
}

/** Whether two configs watch the same in the same way, so that it may go on. */
export const sameWatched = (a: AgentConfig, b: AgentConfig): boolean =>
  JSON.stringify([a.watched, a.fallbacks, a.settings.restart]) ===
  JSON.stringify([b.watched, b.fallbacks, b.settings.restart]);
