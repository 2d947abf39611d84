// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import type { SampleRecord } from "../sinks/sink.js";
import type { PlainValues, ValueSource } from "../source/values.js";
import { defineStats } from "../stats/define.js";
import * as stat from "../stats/stat.js";
import { wallClock } from "../wall_clock.js";
import type { AnomalyEvent } from "./actuator.js";
import { type Anomaly, type Detector, type SeenSample, seen } from "./detector.js";

const log = logger("agent");

/** The group of what detectors count. */
export const anomaliesGroup = "anomalies";

const counts = defineStats(
  "scx_detector",
  {
    anomalies: stat.counter("anomalies that began"),
    active: stat.u64("anomalies that haven't ended"),
  },
  { user: { _om_prefix: "detector_", _om_label: "detector" } },
);

const schema = defineStats(
  "scx_detectors",
  { detectors: stat.dict("string", stat.group(counts)) },
  { desc: "what detectors have found" },
);

/** A detector that has a name. */
export interface NamedDetector {
  readonly name: string;
  readonly made: Detector;
}

/** Those that haven't ended, by metric. */
type Active = ReadonlyMap<string, AnomalyEvent>;

/** What is told of one. */
export interface Told<D> {
  readonly detector: D;
  readonly event: AnomalyEvent;
}

/** What one detector has found. */
interface Found {
  anomalies: bigint;
  /** By source. */
  readonly active: Map<string, { readonly group: string; readonly events: Active }>;
  failed: boolean;
}

/** Shows samples to detectors, and tells where their anomalies begin and end. Group `anomalies`: what they have counted. */
export class Anomalies<D extends NamedDetector = NamedDetector> implements ValueSource {
  readonly name = anomaliesGroup;
  readonly schema = schema;
  #detectors: readonly D[] = [];
  #groups: ReadonlySet<string> = new Set();
  readonly #found = new Map<string, Found>();
  /** Whose statistics the last ones of group `stats` were: those of one scheduler come at a time. */
  #stats: { readonly scheduler: string; readonly schema: string } | undefined;
  /** How often they have begun anew. */
  #begun = 0;

  /**
   * Other detectors and groups from now on; what detectors of the same names counted goes on.
   * @param groups those that are looked at
   * @returns what ends by that, as nobody looks any more
   */
  use(detectors: readonly D[], groups: ReadonlySet<string>): Told<D>[] {
    const before = this.#detectors;
    this.#detectors = detectors;
    this.#groups = groups;
    const names = new Set(detectors.map(({ name }) => name));
    const ended = before.flatMap((detector) => this.#drop(detector, names.has(detector.name)));
    for (const name of names)
      if (!this.#found.has(name)) this.#found.set(name, { anomalies: 0n, active: new Map(), failed: false });
    return ended;
  }

  /** @param stays whether only those of groups end that aren't looked at */
  #drop(detector: D, stays: boolean): Told<D>[] {
    const ended = this.#end(detector, (group) => !(stays && this.#groups.has(group)), { unseen: true });
    if (!stays) this.#found.delete(detector.name);
    return ended;
  }

  /**
   * The scheduler's own statistics begin anew with their next sample: what was seen of the former ones says nothing of them.
   * @returns what ends by that
   */
  beginStats(): Told<D>[] {
    this.#stats = undefined;
    this.#begun++;
    return this.#detectors.flatMap((detector) => this.#end(detector, (group) => group === "stats", { gone: true }));
  }

  /** Ends what was found in these groups, and forgets them. */
  #end(detector: D, of: (group: string) => boolean, why: Pick<AnomalyEvent, "unseen" | "gone">): Told<D>[] {
    const found = this.#found.get(detector.name) as Found;
    const gone = [...found.active].filter(([, { group }]) => of(group));
    for (const [source] of gone) {
      found.active.delete(source);
      this.#try(detector, found, () => detector.made.forget?.(source));
    }
    const at = wallClock();
    return gone.flatMap(([, { events }]) =>
      [...events.values()].map((event) => ({ detector, event: { ...event, phase: "ends", at, ...why } })),
    );
  }

  read(): PlainValues | undefined {
    if (this.#detectors.length === 0) return undefined;
    const values = [...this.#found].map(([name, { anomalies, active }]): [string, PlainValues] => [
      name,
      { anomalies, active: BigInt([...active.values()].reduce((sum, { events }) => sum + events.size, 0)) },
    ]);
    return { detectors: new Map(values) };
  }

  /** What begins or ends with this record. */
  *see(record: SampleRecord): Generator<Told<D>> {
    if (this.#detectors.length === 0 || !this.#groups.has(record.group)) return;
    if (record.group === "stats") yield* this.#turn(record);
    const sample = seen(record, record.group === "stats" ? this.#begun : 0);
    const { group, source, scheduler, at } = sample;
    for (const detector of this.#detectors) {
      const found = this.#found.get(detector.name) as Found;
      const before: Active = found.active.get(source)?.events ?? new Map();
      const now = this.#ask(detector, found, sample);
      if (!now) continue;
      found.active.set(source, { group, events: now });
      for (const [metric, event] of now)
        if (!before.has(metric)) {
          found.anomalies++;
          yield { detector, event };
        }
      for (const [metric, event] of before)
        if (!now.has(metric)) yield { detector, event: { ...event, phase: "ends", scheduler, at } };
    }
  }

  /** Another scheduler's statistics take the place of the former's. */
  *#turn({ schema, sample: { scheduler } }: SampleRecord): Generator<Told<D>> {
    const before = this.#stats;
    if (before && (before.scheduler !== scheduler || before.schema !== schema.name)) yield* this.beginStats();
    this.#stats ??= { scheduler, schema: schema.name };
  }

  #ask(detector: D, found: Found, sample: SeenSample): Active | undefined {
    const { name, made } = detector;
    const { group, scheduler, at } = sample;
    const eventOf = (anomaly: Anomaly): AnomalyEvent => ({
      ...anomaly,
      detector: name,
      phase: "begins",
      group,
      scheduler,
      at,
    });
    return this.#try(
      detector,
      found,
      () => new Map([...made.see(sample)].map((anomaly) => [anomaly.metric, eventOf(anomaly)])),
    );
  }

  #try<T>({ name }: D, found: Found, what: () => T): T | undefined {
    try {
      return what();
    } catch (error) {
      // A user's detector may fail at each sample: it is told once.
      log[found.failed ? "debug" : "warn"](`detector ${name} failed: ${causeOf(error)}`);
      found.failed = true;
      return undefined;
    }
  }
}
