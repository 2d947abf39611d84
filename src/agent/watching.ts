// SPDX-License-Identifier: MIT
import { checkStatsMap } from "../source/stats_map.js";
import type { ObjectSettings } from "./config.js";
import type { AgentConfig } from "./load.js";
import { OwnScheduler } from "./own.js";
import { RunningSchedulers } from "./running.js";
import { SocketScheduler } from "./socket.js";
import type { Watched, WatchedListener } from "./watched.js";

/**
 * Begins to watch what a config names, or to run it. A scheduler of ours makes room for the next one of ours by itself, when that is
 * loaded; the same one is given back then.
 * @param before what is watched until now
 * @param makeRoom ends that, called as late as can be
 * @throws ScxError what loading a scheduler, or reading one that runs, throws
 */
export async function watch(
  { watched, fallbacks, settings: { restart, intervalMs } }: AgentConfig,
  signal: AbortSignal,
  listener: WatchedListener,
  before: Watched | undefined,
  makeRoom: () => Promise<void>,
): Promise<Watched | undefined> {
  if (watched?.object !== undefined) {
    const plan = { object: watched as ObjectSettings, fallbacks, restart };
    if (!(before instanceof OwnScheduler)) return OwnScheduler.start({ plan, intervalMs, signal, makeRoom }, listener);
    await before.use(plan);
    before.setInterval(intervalMs);
    return before;
  }
  await makeRoom();
  if (watched?.socket !== undefined)
    return new SocketScheduler(
      { path: watched.socket, target: watched.target, rules: watched.rules, intervalMs },
      listener,
    );
  if (watched?.running === undefined || watched.running === false) return undefined;
  const name = watched.running === true ? undefined : watched.running;
  const statsMap = watched.statsMap && checkStatsMap(watched.statsMap);
  return new RunningSchedulers({ name, statsMap, intervalMs }, listener);
}

/** Whether two configs watch the same in the same way, so that it may go on. */
export const sameWatched = (a: AgentConfig, b: AgentConfig): boolean =>
  JSON.stringify([a.watched, a.fallbacks, a.settings.restart]) ===
  JSON.stringify([b.watched, b.fallbacks, b.settings.restart]);
