// SPDX-License-Identifier: MIT
import {
  type AllStatsOptions,
  type BulkFlag,
  getAllStats,
  type SampledScheduler,
  type StatsRecord,
} from "../sampler/all_stats.js";
import { ValueSampler } from "../sampler/values.js";
import type { GroupName } from "../source/group.js";
import { groupSource } from "../source/groups.js";
import type { SelfFacts } from "../source/self.js";
import { defineStats, type ValuesOf } from "../stats/define.js";
import * as stat from "../stats/stat.js";
import { wallClock } from "../wall_clock.js";
import { declaredTarget } from "./declared.js";
import { type Target, totalsTarget } from "./target.js";

const record = defineStats(
  "scx_record",
  {
    entity: stat.string("what it is of: host, scheduler, cpu, llc, node or process"),
    name: stat.string("which one"),
    counter: stat.dict("string", stat.counter(), "what only grows, by dotted names"),
    u64: stat.dict("string", stat.u64(), "levels that are never negative"),
    i64: stat.dict("string", stat.i64(), "levels"),
    float: stat.dict("string", stat.float(), "levels with a fraction"),
    string: stat.dict("string", stat.string(), "texts"),
  },
  { desc: "everything known about one entity" },
);

const all = defineStats(
  "scx_all",
  {
    at: stat.u64({ desc: "time of the reading, ns since 1970", user: { _om_skip: "true" } }),
    records: stat.array(stat.group(record), "one for each entity"),
  },
  { desc: "everything known about every scheduler, CPU and domain" },
);

const sides = ["counter", "u64", "i64", "float", "string"] as const;

function wireRecord({ entity, name, params }: StatsRecord): ValuesOf<typeof record> {
  const by = Object.fromEntries(sides.map((side) => [side, new Map<string, unknown>()]));
  for (const [key, { kind, type, value }] of params) by[kind === "counter" ? kind : type]?.set(key, value);
  return { entity, name, ...by } as unknown as ValuesOf<typeof record>;
}

const list = (text: string | undefined): string[] | undefined => text?.split(",").map((name) => name.trim());

/**
 * Target `all`: the bulk call ({@link getAllStats}) on a socket. Arguments, each a list with commas: `groups`, `schedulers`,
 * `flags`. A typed record for each entity; shares of time are of the time since the connection asked before.
 */
export function allTarget(options: AllStatsOptions = {}): Target {
  const kept = new WeakMap<object, ReadonlyMap<GroupName, ValueSampler>>();
  return declaredTarget(all, async (args, session) => {
    const sources = kept.get(session) ?? new Map([["cpu", new ValueSampler(groupSource("cpu"), { intervalMs: 1 })]]);
    kept.set(session, sources);
    const [groups, schedulers, flags] = ["groups", "schedulers", "flags"].map((name) => list(args.get(name)));
    const records = await getAllStats({
      ...options,
      sources,
      ...(groups && { groups }),
      ...(schedulers && { schedulers }),
      ...(flags && { flags: flags as BulkFlag[] }),
    });
    return { at: wallClock(), records: records.map(wireRecord) };
  });
}

/**
 * The targets that a socket offers besides a scheduler's own statistics: `all`, `state` and `events`.
 * @param self what the process knows of itself, for `all`
 */
export function groupTargets(
  sampler: SampledScheduler,
  intervalMs: number,
  self: SelfFacts = {},
): Record<string, Target> {
  const group = (name: "state" | "events") => totalsTarget(new ValueSampler(groupSource(name), { intervalMs }));
  return { all: allTarget({ samplers: [sampler], self }), state: group("state"), events: group("events") };
}
