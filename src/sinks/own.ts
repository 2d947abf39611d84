// SPDX-License-Identifier: MIT
import { type ExitRecord, exitKinds } from "../scheduler/exit.js";
import type { CounterValue, StatsSchema, StatValue } from "../stats/schema.js";
import { wallClock } from "../wall_clock.js";
import { entry } from "./place.js";
import type { SinkQueue } from "./queue.js";
import type { SampleRecord } from "./sink.js";

const sinkSchema: StatsSchema = {
  name: "sink",
  user: { _om_prefix: "sink_", _om_label: "sink" },
  stats: [
    { name: "written", kind: "counter", unit: "records", desc: "records that the sink took" },
    { name: "dropped", kind: "counter", unit: "records", desc: "records that it never took" },
    { name: "failures", kind: "counter", desc: "writes that failed or took too long" },
    { name: "queued", kind: "gauge", type: "u64", unit: "records", desc: "records that wait for it" },
  ],
};

const exitSchema: StatsSchema = {
  name: "exit",
  user: { _om_prefix: "", _om_label: "scheduler" },
  stats: [
    {
      name: "exits",
      kind: "counter",
      type: { dict: "u64", key: "string" },
      user: { _om_label: "kind" },
      desc: "times a scheduler of ours left the kernel, by the kind of its exit",
    },
  ],
};

/**
 * What is known beside samples, whether any come or not: whether a scheduler is there (`scx_up`), how schedulers left
 * (`scx_exits_total{scheduler="simple",kind="error_stall"}`), and what sinks count of themselves (`scx_sink_dropped_records_total{sink="kafka"}`).
 */
const ownSchema: StatsSchema = {
  name: "sinks",
  desc: "scxkit's own sinks, and what they are sent",
  stats: [
    { name: "up", kind: "gauge", type: "u64", desc: "1 while a scheduler's statistics come, 0 while it is waited for" },
    { name: "exits", kind: "gauge", type: { dict: { struct: exitSchema }, key: "string" } },
    { name: "sinks", kind: "gauge", type: { dict: { struct: sinkSchema }, key: "string" } },
  ],
};

/** By no scheduler's name: it goes on from one to the next. */
const nobody = { scheduler: "", state: "", epoch: 0 };

/** How often something happened, and how often when that was last read. */
interface Count {
  total: bigint;
  before: bigint;
}

const counters = ["written", "dropped", "failures"] as const;
type Counts = Record<(typeof counters)[number], number>;

/** What the sinks of one name have counted, one after the other. */
interface Named {
  queue: SinkQueue | undefined;
  /** The one before, which may still be writing what waits. */
  former: SinkQueue | undefined;
  /** Of those before that, less what this one had counted under another name. */
  readonly base: Counts;
  /** As it was read last. */
  before: Counts;
}

const none = (): Counts => ({ written: 0, dropped: 0, failures: 0 });
const fresh = (): Named => ({ queue: undefined, former: undefined, base: none(), before: none() });

/** Reads that, as records of group `self`, with a baseline of its own. */
export class OwnReader {
  readonly #since = wallClock();
  /** By process.hrtime, which nobody sets. */
  #readAt = process.hrtime.bigint();
  readonly #named = new Map<string, Named>();
  /** By what name each was read last, and what it had counted. */
  readonly #told = new WeakMap<SinkQueue, { readonly name: string; readonly counts: Counts }>();
  readonly #exits = new Map<string, Map<string, Count>>();

  /** A scheduler whose exits will be told: that there are none yet is a value, too. Any number of times. */
  runs(scheduler: string): void {
    if (this.#exits.has(scheduler)) return;
    const kinds = Object.keys(exitKinds).filter((kind) => kind !== "none");
    this.#exits.set(scheduler, new Map(kinds.map((kind) => [kind, { total: 0n, before: 0n }])));
  }

  exited({ ops, kind }: Pick<ExitRecord, "ops" | "kind">): void {
    this.runs(ops);
    const kinds = this.#exits.get(ops) as Map<string, Count>;
    entry(kinds, kind, () => ({ total: 0n, before: 0n })).total++;
  }

  /**
   * @param up whether statistics of a scheduler come; undefined where none is meant to
   * @param everyMs how often it is read
   */
  read(
    queues: readonly SinkQueue[],
    up: boolean | undefined,
    { labels, everyMs }: Pick<SampleRecord, "labels" | "everyMs">,
  ): SampleRecord {
    const before = this.#readAt;
    this.#readAt = process.hrtime.bigint();
    const interval = this.#readAt - before;
    const byName = new Map(queues.map((queue) => [queue.name, queue]));
    const stats = {
      ...(up !== undefined && { up: { value: up ? 1n : 0n } }),
      exits: { entries: Object.fromEntries([...this.#exits].map(([scheduler, kinds]) => [scheduler, exitsOf(kinds)])) },
      sinks: { entries: Object.fromEntries([...byName].map(([name, queue]) => [name, this.#values(queue, queues)])) },
    };
    for (const queue of queues) this.#told.set(queue, { name: queue.name, counts: queue.counts });
    const sample = { at: wallClock(), interval, ...nobody, stats };
    return { type: "sample", group: "self", schema: ownSchema, sample, labels, everyMs, since: this.#since };
  }

  /**
   * Totals go on where another sink has taken one's place, as those of everything else do; what one counts that goes on under another name is in
   * that one's.
   */
  #values(queue: SinkQueue, queues: readonly SinkQueue[]): StatValue {
    const named = entry(this.#named, queue.name, fresh);
    const told = this.#told.get(queue);
    const elsewhere = told && told.name !== queue.name ? told.counts : undefined;
    if (named.queue !== queue || elsewhere) {
      // Unless it is that one again, after a reload that failed.
      if (named.former !== queue) for (const name of counters) named.base[name] += named.former?.counts[name] ?? 0;
      [named.former, named.queue] = [named.queue, queue];
      if (named.former && queues.includes(named.former)) {
        Object.assign(named.base, named.before);
        named.former = undefined;
      }
      if (elsewhere) for (const name of counters) named.base[name] -= elsewhere[name];
    }
    const { former, base, before } = named;
    const now = none();
    const counted = counters.map((name): [string, CounterValue] => {
      now[name] = base[name] + (former?.counts[name] ?? 0) + queue.counts[name];
      return [name, { total: BigInt(now[name]), delta: BigInt(now[name] - before[name]) }];
    });
    named.before = now;
    return { fields: { ...Object.fromEntries(counted), queued: { value: BigInt(queue.counts.queued) } } };
  }
}

function exitsOf(kinds: ReadonlyMap<string, Count>): StatValue {
  const counted = Array.from(kinds, ([kind, count]): [string, CounterValue] => {
    const { total, before } = count;
    count.before = total;
    return [kind, { total, delta: total - before }];
  });
  return { fields: { exits: { entries: Object.fromEntries(counted) } } };
}
