// SPDX-License-Identifier: MIT
import { hostname } from "node:os";
import { causeOf, ScxError } from "../error.js";
import { onlineCpus } from "../kernel/cpus.js";
import { requireSchedExt, schedExt } from "../kernel/sched_ext.js";
import type { Domain } from "../kernel/topology.js";
import { checkedGroups, type GroupName, groupNames } from "../source/group.js";
import { groupSource } from "../source/groups.js";
import { type GroupSum, inWord, type StatsRollup } from "../source/rollup.js";
import { runningSchedulers } from "../source/running.js";
import type { SelfFacts } from "../source/self.js";
import type { StatsMap } from "../source/stats_map.js";
import type { Sample, Stat, StatsSchema, StatValue } from "../stats/schema.js";
import { addGroup, type Params } from "./params.js";
import { Sampler } from "./sampler.js";
import { ValueSampler } from "./values.js";

/** What a record is of. `host` is the machine, `process` this one. */
export type StatsEntity = "host" | "scheduler" | "cpu" | "llc" | "node" | "process";

/** All that was asked for about one entity: its parameters by dotted names that are unique over all records. */
export interface StatsRecord {
  readonly entity: StatsEntity;
  /** A scheduler's ops.name, a CPU's number, an LLC's CPUs (`0-3`), a node's number; the host's name. */
  readonly name: string;
  readonly params: Params;
}

/** A scheduler whose statistics are sampled; a {@link Sampler} is one. */
export interface SampledScheduler {
  readonly scheduler: string;
  /** Id of its struct_ops map, where it is known. */
  readonly id?: number;
  readonly schema: StatsSchema;
  totals(): Sample;
  by?(domain: Domain): StatsRollup | undefined;
}

/** `enforce`: a group that can't be had is an error, in place of being left out. */
export const bulkFlags = ["enforce"] as const;
export type BulkFlag = (typeof bulkFlags)[number];

export interface AllStatsOptions {
  /** What to bring; all unless given. */
  groups?: readonly string[];
  flags?: readonly BulkFlag[];
  /** Which schedulers, by name or id; all unless given. Other entities are brought all the same. */
  schedulers?: readonly (string | number)[];
  /** The schedulers that there are; those that run, whoever loaded them, unless given (which takes CAP_SYS_ADMIN). */
  samplers?: readonly SampledScheduler[];
  /** Where statistics are and what they mean, of schedulers that run and don't tell; those of `samplers` know it. */
  statsMap?: StatsMap | undefined;
  /** What reads a group, in place of a new one: a source that was read before knows shares of the time since. */
  sources?: ReadonlyMap<GroupName, ValueSampler>;
  self?: SelfFacts;
}

/**
 * Everything known about every scheduler, CPU and domain, a record for each: one call, in the manner of libvirt's
 * virConnectGetAllDomainStats. What a group has no value for is absent; a whole group that can't be had here is a parameter
 * `absent.GROUP` of the host's record, which says why.
 *
 * @throws ScxError ERR_SCX_USAGE (no such group or flag), ERR_SCX_NOT_RUNNING (no such scheduler), ERR_SCX_STATS_MAP; with flag `enforce`
 * ERR_SCX_UNSUPPORTED, ERR_SCX_NO_SCHED_EXT or ERR_SCX_PRIVILEGE for a group that can't be had
 */
export async function getAllStats(options: AllStatsOptions = {}): Promise<StatsRecord[]> {
  return [...allRecords(options)];
}

/** The same, a record at a time: for answers of any size. Each is read when it is asked for. */
export async function* iterateAllStats(options: AllStatsOptions = {}): AsyncGenerator<StatsRecord, void, void> {
  yield* allRecords(options);
}

function* allRecords(options: AllStatsOptions): Generator<StatsRecord, void, void> {
  const wanted = checkedGroups(options.groups ?? groupNames);
  checkFlags(options.flags ?? []);
  const enforce = options.flags?.includes("enforce") ?? false;
  const absent = new Map<GroupName, string>();
  const read = (name: Exclude<GroupName, "stats">): Reading | undefined => {
    if (!wanted.includes(name)) return undefined;
    const sampler = options.sources?.get(name) ?? new ValueSampler(groupSource(name, options.self), { intervalMs: 1 });
    const { stats } = sampler.totals();
    if (Object.keys(stats).length > 0) return { schema: sampler.schema, stats };
    const why = missing[name]?.();
    if (why && enforce) throw unsupported(name, why);
    if (why) absent.set(name, why);
    return undefined;
  };

  using opened = schedulersOf(options, wanted, enforce, absent);
  const events = read("events");
  const ofSchedulers = wanted.includes("stats") || wanted.includes("events");
  for (const scheduler of ofSchedulers ? opened.schedulers : [])
    yield schedulerRecord(scheduler, wanted.includes("stats"), events);
  yield* cpuRecords(read("cpu"), wanted.includes("stats") ? opened.schedulers : []);
  const host: Params = new Map();
  const state = read("state");
  if (state) addGroup(host, "state", state.schema, state.stats);
  const pressure = read("pressure");
  if (pressure) addGroup(host, "pressure", pressure.schema, pressure.stats);
  for (const [group, why] of absent) host.set(`absent.${group}`, { kind: "gauge", type: "string", value: why });
  if (host.size > 0) yield { entity: "host", name: hostname(), params: host };
  const self = read("self");
  if (self) {
    const params: Params = new Map();
    addGroup(params, "self", self.schema, self.stats);
    yield { entity: "process", name: `${process.pid}`, params };
  }
}

interface Reading {
  readonly schema: StatsSchema;
  readonly stats: Readonly<Record<string, StatValue>>;
}

const noSchedExt = () => (schedExt.exists() ? undefined : "this kernel has no sched_ext");

/** Why a group has nothing; undefined where that is how things are, as without a scheduler. */
const missing: Partial<Record<GroupName, () => string | undefined>> = {
  state: noSchedExt,
  events: noSchedExt,
  pressure: () => "this kernel has no pressure stall information, or it is off (psi=1 turns it on)",
};

function unsupported(group: GroupName, why: string): ScxError {
  return new ScxError("ERR_SCX_UNSUPPORTED", {
    op: "read",
    message: `Group ${group} can't be had: ${why}.`,
    remedy: "Leave the group out, or the flag enforce.",
  });
}

function checkFlags(flags: readonly string[]): void {
  const unknown = flags.find((flag) => !(bulkFlags as readonly string[]).includes(flag));
  if (unknown === undefined) return;
  throw new ScxError("ERR_SCX_USAGE", {
    op: "read",
    message: `There is no flag "${unknown}".`,
    remedy: `The flags are ${bulkFlags.join(", ")}.`,
  });
}

interface Opened extends Disposable {
  readonly schedulers: readonly SampledScheduler[];
}

function schedulersOf(
  options: AllStatsOptions,
  wanted: readonly GroupName[],
  enforce: boolean,
  absent: Map<GroupName, string>,
): Opened {
  const ours = options.samplers;
  if (ours) return { schedulers: selected(ours, options.schedulers), [Symbol.dispose]: () => {} };
  if (!wanted.includes("stats") && !wanted.includes("events") && !options.schedulers)
    return { schedulers: [], [Symbol.dispose]: () => {} };
  try {
    requireSchedExt("read");
    const running = runningSchedulers({ statsMap: options.statsMap });
    const close = () => {
      for (const one of running) one.close();
    };
    try {
      // Before they are looked into: a statistics map need fit those only that are wanted.
      const wanted = selected(
        running.map(({ name, id, stats }) => ({ scheduler: name, id, stats })),
        options.schedulers,
      );
      const schedulers = wanted.map(({ id, stats }) => Object.assign(new Sampler(stats, { intervalMs: 1000 }), { id }));
      return { schedulers, [Symbol.dispose]: close };
    } catch (error) {
      close();
      throw error;
    }
  } catch (error) {
    const known =
      error instanceof ScxError && (error.code === "ERR_SCX_PRIVILEGE" || error.code === "ERR_SCX_NO_SCHED_EXT");
    if (!known || (enforce && wanted.includes("stats"))) throw error;
    if (wanted.includes("stats")) absent.set("stats", causeOf(error).replace(/\.$/, ""));
    return { schedulers: selected(unreadable(), options.schedulers), [Symbol.dispose]: () => {} };
  }
}

/** What everybody may know of the scheduler that runs: its name. */
function unreadable(): SampledScheduler[] {
  const scheduler = schedExt.running();
  if (scheduler === undefined) return [];
  const schema = { name: scheduler, stats: [] };
  const totals = () => ({ at: 0n, interval: 0n, epoch: 0, scheduler, state: schedExt.state(), stats: {} });
  return [{ scheduler, schema, totals }];
}

function selected<One extends Pick<SampledScheduler, "scheduler" | "id">>(
  all: readonly One[],
  wanted: readonly (string | number)[] | undefined,
): readonly One[] {
  if (!wanted) return all;
  const is = (one: One, nameOrId: string | number) =>
    one.scheduler === nameOrId || (one.id !== undefined && one.id === Number(nameOrId));
  const unknown = wanted.find((nameOrId) => !all.some((one) => is(one, nameOrId)));
  if (unknown === undefined) return all.filter((one) => wanted.some((nameOrId) => is(one, nameOrId)));
  throw new ScxError("ERR_SCX_NOT_RUNNING", {
    op: "read",
    message: `No scheduler "${unknown}" runs.`,
    remedy: all.length > 0 ? `There is ${all.map((one) => one.scheduler).join(", ")}.` : "There is none.",
  });
}

function schedulerRecord(scheduler: SampledScheduler, withStats: boolean, events: Reading | undefined): StatsRecord {
  const params: Params = new Map();
  if (withStats) addGroup(params, "stats", scheduler.schema, scheduler.totals().stats);
  // sched_ext counts for the root scheduler.
  if (events && scheduler.scheduler === schedExt.running()) addGroup(params, "events", events.schema, events.stats);
  return { entity: "scheduler", name: scheduler.scheduler, params };
}

/** CPUs and what they share: their use, and what schedulers count there (`cpu.0.stats.simple.local`). */
function* cpuRecords(use: Reading | undefined, schedulers: readonly SampledScheduler[]): Generator<StatsRecord> {
  const online = new Set(onlineCpus().map(String));
  for (const entity of ["cpu", "llc", "node"] as const) {
    const rollups = schedulers.flatMap(({ scheduler, by }) => {
      const found = by?.(entity);
      return found && found.stats.length > 0 ? [{ scheduler, stats: found.stats, sums: found.read() }] : [];
    });
    const stat = use?.schema.stats.find(({ name }) => name === entity);
    const dict = use?.stats[entity];
    const uses = dict && "entries" in dict ? dict.entries : {};
    const names = new Set([...Object.keys(uses), ...rollups.flatMap(({ sums }) => Object.keys(sums))]);
    for (const name of names) {
      const params: Params = new Map();
      const value = uses[name];
      if (stat && value && "fields" in value && typeof stat.type === "object" && "dict" in stat.type)
        addGroup(params, `${entity}.${name}`, (stat.type.dict as { struct: StatsSchema }).struct, value.fields);
      for (const { scheduler, stats, sums } of rollups) {
        const counted = sums[name] ?? {};
        // A CPU that was never there has counted nothing.
        if (entity === "cpu" && !online.has(name) && Object.values(counted).every(isNothing)) continue;
        const values = Object.fromEntries(
          stats.flatMap((stat) => {
            const sum = counted[stat.name];
            return sum === undefined ? [] : [[stat.name, summed(stat, sum)]];
          }),
        );
        addGroup(params, `${entity}.${name}.stats.${scheduler}`, { name: scheduler, stats }, values);
      }
      if (params.size > 0) yield { entity, name, params };
    }
  }
}

function isNothing(sum: GroupSum): boolean {
  if (typeof sum === "bigint") return sum === 0n;
  return "entries" in sum ? Object.values(sum.entries).every((one) => one === 0n) : sum.count === 0n;
}

/** A group's sum as a value; nobody asks for its delta. */
function summed(stat: Stat, sum: GroupSum): StatValue {
  if (typeof sum === "object" && "entries" in sum) {
    const entries = Object.entries(sum.entries).map(([key, one]) => [key, summed(stat, one)] as const);
    return { entries: Object.fromEntries(entries) };
  }
  if (typeof sum !== "bigint") return { ...sum, delta: sum };
  return stat.kind === "gauge" ? { value: inWord(stat, sum) } : { total: sum, delta: 0n };
}
