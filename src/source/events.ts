// SPDX-License-Identifier: MIT
import { type SchedulerEvents, schedExt } from "../kernel/sched_ext.js";
import type { StatsSchema } from "../stats/schema.js";
import type { PlainValues, ValueSource } from "./values.js";

/** The kernel's names, as keys of the wire and labels of one metric: it has other ones in other versions. */
const describe = (names: readonly string[]): StatsSchema => ({
  name: "scx_events",
  desc: "what sched_ext itself counts while a scheduler runs",
  stats: names.map((name) => ({
    name,
    kind: "counter",
    desc: "events that sched_ext counted, by the kernel's name for them",
    family: { name: "events", labels: { event: name } },
  })),
});

/**
 * Group `events`: what sched_ext counts (SCX_EV_…), read by name from root/events; nothing while no scheduler runs. The kernel
 * begins at zero with each scheduler; what those that have left had counted is added here, so that counters go on.
 */
export class EventsSource implements ValueSource {
  readonly name = "events";
  schema: StatsSchema = describe([]);
  readonly #events: () => SchedulerEvents;
  /** Which scheduler the last reading was of, what that had counted by then, and what those before it had. */
  #scheduler: bigint | undefined;
  #last: Readonly<Record<string, bigint>> = {};
  readonly #before = new Map<string, bigint>();

  /** @param events reads them; /sys/kernel/sched_ext/root/events unless given */
  constructor(events: () => SchedulerEvents = schedExt.schedulerEvents) {
    this.#events = events;
    this.read(); // so that it is described before it is first read
  }

  read(): PlainValues | undefined {
    const { scheduler, events } = this.#events();
    const names = Object.keys(events);
    if (scheduler === undefined || names.length === 0) return undefined;
    // Counters that are no smaller tell nothing: the next one may have counted more already.
    if (scheduler !== this.#scheduler)
      for (const [name, last] of Object.entries(this.#last))
        this.#before.set(name, (this.#before.get(name) ?? 0n) + last);
    this.#scheduler = scheduler;
    this.#last = events;
    const known = this.schema.stats;
    if (names.length !== known.length || names.some((name, i) => name !== known[i]?.name))
      this.schema = describe(names);
    return Object.fromEntries(names.map((name) => [name, (events[name] ?? 0n) + (this.#before.get(name) ?? 0n)]));
  }
}
