// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import type { SampleRecord } from "../sinks/sink.js";
import type { PlainValues, ValueSource } from "../source/values.js";
import { defineStats } from "../stats/define.js";
import * as stat from "../stats/stat.js";
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

/** What one detector has found. */
interface Found {
  anomalies: bigint;
  /** Those that haven't ended, by group and metric. */
  readonly active: Map<string, Map<string, Anomaly>>;
  failed: boolean;
}

/** Shows samples to detectors, and tells where their anomalies begin and end. Group `anomalies`: what they have counted. */
export class Anomalies<D extends NamedDetector = NamedDetector> implements ValueSource {
  readonly name = anomaliesGroup;
  readonly schema = schema;
  #detectors: readonly D[] = [];
  readonly #found = new Map<string, Found>();

  /** Other detectors from now on; what those of the same names counted goes on. */
  use(detectors: readonly D[]): void {
    this.#detectors = detectors;
    const names = detectors.map(({ name }) => name);
    for (const name of this.#found.keys()) if (!names.includes(name)) this.#found.delete(name);
    for (const name of names)
      if (!this.#found.has(name)) this.#found.set(name, { anomalies: 0n, active: new Map(), failed: false });
  }

  read(): PlainValues | undefined {
    if (this.#detectors.length === 0) return undefined;
    const values = [...this.#found].map(([name, { anomalies, active }]): [string, PlainValues] => [
      name,
      { anomalies, active: BigInt([...active.values()].reduce((sum, group) => sum + group.size, 0)) },
    ]);
    return { detectors: new Map(values) };
  }

  /** What begins or ends with this record. */
  *see(record: SampleRecord): Generator<{ detector: D; event: AnomalyEvent }> {
    if (this.#detectors.length === 0) return;
    const sample = seen(record);
    for (const detector of this.#detectors) {
      const found = this.#found.get(detector.name) as Found;
      const before = found.active.get(sample.group) ?? new Map<string, Anomaly>();
      const now = this.#ask(detector, found, sample);
      if (!now) continue;
      found.active.set(sample.group, now);
      const eventOf = (phase: AnomalyEvent["phase"], anomaly: Anomaly): AnomalyEvent => {
        const { group, scheduler, at } = sample;
        return { ...anomaly, detector: detector.name, phase, group, scheduler, at };
      };
      for (const [metric, anomaly] of now)
        if (!before.has(metric)) {
          found.anomalies++;
          yield { detector, event: eventOf("begins", anomaly) };
        }
      for (const [metric, anomaly] of before) if (!now.has(metric)) yield { detector, event: eventOf("ends", anomaly) };
    }
  }

  #ask({ name, made }: D, found: Found, sample: SeenSample): Map<string, Anomaly> | undefined {
    try {
      return new Map([...made.see(sample)].map((anomaly) => [anomaly.metric, anomaly]));
    } catch (error) {
      // A user's detector may fail at each sample: it is told once.
      log[found.failed ? "debug" : "warn"](`detector ${name} failed: ${causeOf(error)}`);
      found.failed = true;
      return undefined;
    }
  }
}
