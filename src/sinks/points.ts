// SPDX-License-Identifier: MIT
import { datumOf, type Stat, type StatsSchema, type StatValue, type StatValues } from "../stats/schema.js";
import { statesIn } from "../stats/states.js";
import { exportedName, labelOf, type MetricKind, nameOf, type Point, type Series } from "./metric.js";
import { entry, type Outer, Place, withNames } from "./place.js";
import { sameLabels } from "./same_labels.js";
import type { SampleRecord } from "./sink.js";

/** What sched_ext's state may be (kernel/sched/ext.c, scx_enable_state_str). */
const schedulerStates = ["enabling", "enabled", "disabling", "disabled"];

/**
 * Turns samples into metric points, in one way for all sinks that keep metrics. One object for each sink: it remembers series.
 *
 * - The name is `scx_`, the prefix, then the family or the statistic's name. The prefix is `_om_prefix` of the schema or
 *   the group that has the statistic (as upstream has it: that of outer groups doesn't count); a group without one is prefixed by the
 *   name of the field that holds it.
 * - Labels are `scheduler`, the family's, those of dictionaries and lists, then the record's. A dictionary's key is the label that
 *   `_om_label` names, on the group that it holds or on itself, else `key`; a list's is `index` likewise. Where that is taken by an
 *   outer one, the field's name goes before it.
 * - `_om_skip` leaves a statistic out.
 * - A text is an info metric; one with `_scx_states`, which has its values ({@link statesIn}), a stateset.
 * - What a sample has by groups of CPUs is prefixed with their kind, which is the label, too: `scx_llc_local_total{llc="0-3"}`.
 * - Of a scheduler's own statistics (group `stats`) come also its state, as the stateset `scx_state`, and `scx_restarts`.
 */
export class MetricPoints {
  readonly #roots = new WeakMap<StatsSchema, WeakMap<SampleRecord["labels"], Map<string, Root>>>();
  /** The last record's; another object that says the same stands for nothing else. */
  #labels: SampleRecord["labels"] = {};

  /** The points of a sample, in the order of its statistics. What is gone from it is not among them. */
  of(record: SampleRecord): Point[] {
    const { schema, sample, group, since } = record;
    const { all, by, state, restarts } = this.#root(record);
    const prefix = schema.user?._om_prefix ?? "";
    const points = new Points(since);
    walk({ place: all, prefix }, schema, sample.stats, points);
    for (const [domain, groups] of Object.entries(sample.by ?? {})) {
      const place = by.part(domain) ?? by.add(domain, new Place(by.outer, by.keys, by.metric));
      for (const [group, values] of Object.entries(groups))
        walk({ place: place.keyed(domain, group), prefix: `${domain}_${prefix}` }, schema, values, points);
      place.keep(Object.keys(groups));
    }
    if (group !== "stats") return points.all;
    if (sample.state !== "") pushStates(state, schedulerStates, sample.state, points);
    points.push(restarts.series(), { total: BigInt(sample.epoch), delta: 0n });
    return points.all;
  }

  #root({ schema, sample: { scheduler }, labels: given }: SampleRecord): Root {
    const labels = sameLabels(given, this.#labels) ? this.#labels : given;
    this.#labels = labels;
    const byLabels = entry(this.#roots, schema, () => new WeakMap());
    const byScheduler = entry(byLabels, labels, () => new Map<string, Root>());
    return entry(byScheduler, scheduler, () => {
      const outer: Outer = { first: scheduler === "" ? {} : { scheduler }, last: labels };
      const own = (name: string, kind: MetricKind, help: string) =>
        new Place(outer, {}, { name: `scx_${name}`, kind, unit: undefined, help });
      return {
        all: own("", "gauge", ""),
        by: own("", "gauge", ""),
        state: own("state", "stateset", "state of sched_ext"),
        restarts: own("restarts", "counter", "times the scheduler was started again in this run"),
      };
    });
  }
}

/** What is remembered of one schema under one set of labels. */
interface Root {
  readonly all: Place;
  readonly by: Place;
  readonly state: Place;
  readonly restarts: Place;
}

/** The points of one sample. */
class Points {
  readonly all: Point[] = [];
  readonly #since: bigint | undefined;

  constructor(since: bigint | undefined) {
    this.#since = since;
  }

  push(series: Series, value: Point["value"]): void {
    this.all.push({ series, value, since: this.#since });
  }
}

/** A group of statistics, in the place where it stands. */
interface Scope {
  readonly place: Place;
  readonly prefix: string;
}

function walk(scope: Scope, schema: StatsSchema, values: Readonly<Partial<StatValues>>, points: Points): void {
  for (const stat of schema.stats) {
    const value = values[stat.name];
    if (value === undefined || stat.user?._om_skip !== undefined) continue;
    const place = scope.place.part(stat.name) ?? scope.place.add(stat.name, newPlace(scope, stat, schema));
    visit(place, scope.prefix, stat, value, points);
  }
}

function newPlace({ place: { outer, keys }, prefix }: Scope, stat: Stat, schema: StatsSchema): Place {
  const { name, kind, unit, desc = `${name} of ${schema.name}`, family } = stat;
  const labelled = family ? { ...outer, first: { ...outer.first, ...withNames(family.labels) } } : outer;
  const metric = { name: `scx_${nameOf(prefix + (family?.name ?? name))}`, kind, unit, help: desc };
  return new Place(labelled, keys, metric);
}

function visit(place: Place, prefix: string, stat: Stat, value: StatValue, points: Points): void {
  if ("total" in value)
    points.push(place.series(), value); // first, as most are
  else if ("fields" in value) {
    const schema = groupOf(stat);
    const inner = schema?.user?._om_prefix ?? `${prefix}${stat.name}_`;
    if (schema) walk({ place, prefix: inner }, schema, value.fields, points);
  } else if ("entries" in value || "items" in value) {
    const [parts, preset] = "entries" in value ? [value.entries, "key"] : [value.items, "index"];
    place.label ??= labelFor(place, stat, preset);
    const keys = Object.keys(parts);
    const values = Object.values(parts);
    for (let i = 0; i < keys.length; i++)
      visit(place.keyed(place.label, keys[i] as string), prefix, stat, values[i] as StatValue, points);
    place.keep(keys);
  } else if ("value" in value && typeof value.value === "string") pushText(place, stat, value.value, points);
  else points.push(place.series(), value as Point["value"]);
}

/** The group that a statistic is, or holds several of. */
function groupOf({ type }: Stat): StatsSchema | undefined {
  const datum = type && datumOf(type);
  return typeof datum === "object" ? datum.struct : undefined;
}

/** The label that tells the parts of a dictionary or a list apart. */
function labelFor(place: Place, stat: Stat, preset: string): string {
  const wanted = labelOf(stat.user?._om_label ?? groupOf(stat)?.user?._om_label ?? preset);
  return place.has(wanted) ? labelOf(`${stat.name}_${wanted}`) : wanted;
}

function pushText(place: Place, { name, user }: Stat, text: string, points: Points): void {
  if (user?._scx_states !== undefined) {
    pushStates(place, statesIn(user._scx_states), text, points);
    return;
  }
  points.push(place.text("info", labelOf(name), text), { value: 1n });
  place.keep([text]);
}

function pushStates(place: Place, known: readonly string[], state: string, points: Points): void {
  const states = known.includes(state) ? known : [...known, state];
  const label = exportedName(place.metric); // OpenMetrics wants the two to be the same
  for (const one of states) points.push(place.text("stateset", label, one), { value: one === state ? 1n : 0n });
  place.keep(states);
}
