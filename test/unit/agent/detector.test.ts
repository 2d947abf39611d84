// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { Actions } from "../../../src/agent/actions.js";
import type { Actuator, AnomalyEvent, Control } from "../../../src/agent/actuator.js";
import { Anomalies } from "../../../src/agent/anomalies.js";
import { detector as change } from "../../../src/agent/change.js";
import { type Anomaly, Chosen, type Detector, metricPattern, seen } from "../../../src/agent/detector.js";
import type { ActuatorPart } from "../../../src/agent/parts.js";
import { detector as threshold } from "../../../src/agent/threshold.js";
import { detector as zscore } from "../../../src/agent/zscore.js";
import { Tracker } from "../../../src/counters/tracker.js";
import { defineStats, type SampleRecord, stat } from "../../../src/index.js";

const schema = defineStats("mine", {
  load: stat.float(),
  moved: stat.counter(),
  name: stat.string(),
  cpu: stat.dict("u64", stat.group(defineStats("cpu", { use: stat.float() }))),
});

/** Samples a second apart, deltas included. The clock may be set meanwhile, by seconds. */
function sampler(group = "mine") {
  const tracker = new Tracker();
  let at = 0n;
  return (values: object, set = 0): SampleRecord => {
    at += 1_000_000_000n + BigInt(set * 1e9);
    const stats = tracker.read(schema, values as Record<string, unknown>);
    const sample = { at, interval: 1_000_000_000n, epoch: 0, scheduler: "simple", state: "enabled", stats };
    return { type: "sample", group, schema, sample, labels: {} };
  };
}

/** What a detector says of loads that follow each other; one may be absent. */
function verdicts(detector: Detector, loads: readonly (number | undefined)[]): string[][] {
  const next = sampler();
  return loads.map((load) => [...detector.see(seen(next(load === undefined ? {} : { load })))].map(({ why }) => why));
}

describe("what detectors see", () => {
  it("are levels, and what counters grow by a second, by dotted names", () => {
    const next = sampler();
    next({ moved: 10n });
    const cpu = new Map([[3n, { use: 0.5 }]]);
    const { values } = seen(next({ load: 1.5, moved: 15n, name: "x", cpu }));
    expect(Object.fromEntries(values)).toEqual({ "mine.load": 1.5, "mine.moved": 5, "mine.cpu.3.use": 0.5 });
    expect([...seen(sampler("cpu")({ cpu })).values.keys()]).toEqual(["cpu.3.use"]);
  });

  it("are chosen by patterns", () => {
    const matches = metricPattern("cpu.*.use");
    expect(["cpu.3.use", "llc.3.use", "cpu.3.4.use", "cpu.3.user"].map(matches)).toEqual([true, false, false, false]);
    expect(metricPattern("a.b")("axb")).toBe(false);
  });

  it("are chosen by keys with dots, too", () => {
    const cells = defineStats("mitosis", {
      cells: stat.dict("string", stat.group(defineStats("cell", { util_pct: stat.float() }))),
    });
    const stats = {
      cells: new Map([
        ["user.slice", { util_pct: 1 }],
        ["a", { util_pct: 2 }],
      ]),
    };
    const record = sampler("stats")({});
    const sample = { ...record.sample, stats: new Tracker().read(cells, stats) };
    const of = (pattern: string) => [...new Chosen(pattern).of(seen({ ...record, schema: cells, sample }))];
    const [user, a] = [
      ["stats.cells.user.slice.util_pct", 1],
      ["stats.cells.a.util_pct", 2],
    ];
    expect(of("stats.cells.*.util_pct")).toEqual([user, a]);
    expect(of("stats.cells.user.*.util_pct")).toEqual([user]);
    expect(of("stats.cells.user.slice.util_pct")).toEqual([user]);
    expect(of("stats.*.util_pct")).toEqual([]);
  });
});

const options = { metric: "mine.load", severity: "warning" as const };

describe("detectors", () => {
  it("threshold: over or under, for a while", () => {
    const both = threshold.create({ ...options, above: 2, below: 1, forMs: 0 });
    expect(verdicts(both, [1, 2, 2.5, 0.5, 1])).toEqual([[], [], ["2.5 is over 2"], ["0.5 is under 1"], []]);
    const lasting = threshold.create({ ...options, above: 2, forMs: 2000 });
    expect(verdicts(lasting, [3, 3, 3, 1, 3, 3])).toEqual([[], [], ["3 is over 2 for 2 s"], [], [], []]);
    const gone = threshold.create({ ...options, above: 2, forMs: 2000 });
    expect(verdicts(gone, [3, 3, undefined, 3, 3]).flat()).toEqual([]);
  });

  it("change: how fast a value moves", () => {
    const both = change.create({ ...options, above: 5, below: -1 });
    expect(verdicts(both, [0, 5, 11, 10, 8])).toEqual([
      [],
      [],
      ["it changes by 6 a second, over 5"],
      [],
      ["it changes by -2 a second, under -1"],
    ]);
    expect(verdicts(change.create({ ...options, above: 5 }), [0, undefined, 100]).flat()).toEqual([]);
  });

  it("go by what time has passed, whatever the clock is set to", () => {
    const said = (detector: Detector, ...sets: number[]) => {
      const next = sampler();
      return sets.map((set, i) => [...detector.see(seen(next({ load: 10 + i / 2 }, set)))].map(({ why }) => why));
    };
    const moving = () => change.create({ ...options, above: 0.1 });
    const half = ["it changes by 0.5 a second, over 0.1"];
    expect(said(moving(), 0, -0.9, 3600, -3600)).toEqual([[], half, half, half]);
    const lasting = () => threshold.create({ ...options, above: 2, forMs: 3000 });
    expect(said(lasting(), 0, 3600, -7200, 0).map(({ length }) => length)).toEqual([0, 0, 0, 1]);
  });

  it("zscore: far from what it was of late", () => {
    const one = zscore.create({ ...options, sigma: 3, window: 8, least: 4 });
    const steady = [10, 12, 10, 12, 10, 12, 10, 12];
    expect(verdicts(one, [...steady, 14, 15, 2])).toEqual([
      ...steady.map(() => []),
      [], // three deviations exactly
      ["15 is 3.0 standard deviations over the mean of 11.5"].slice(1),
      [expect.stringMatching(/^2 is 5\.\d standard deviations under the mean of 11\.875$/)],
    ]);
    const early = zscore.create({ ...options, sigma: 3, window: 8, least: 4 });
    expect(verdicts(early, [10, 12, 500])).toEqual([[], [], []]);
    const short = zscore.create({ ...options, sigma: 3, window: 4, least: 10 }); // fuller it won't be
    expect(verdicts(short, [10, 12, 10, 12, 50])).toEqual([[], [], [], [], [expect.stringMatching(/^50 is 39\.0 /)]]);
    const flat = zscore.create({ ...options, sigma: 3, window: 8, least: 2 });
    expect(verdicts(flat, [5, 5, 5, 6])).toEqual([[], [], [], []]); // infinitely far
    // The mean of thirty times 0.1 isn't 0.1, nor are the two spellings of 0.3 the same float.
    const floats = (load: number, other: number) =>
      verdicts(zscore.create({ ...options, sigma: 3, window: 60, least: 10 }), [
        ...Array.from({ length: 30 }, (_, i) => (i % 2 ? load : other)),
        load * 1.01,
      ]).flat();
    expect([floats(0.1, 0.1), floats(0.3, 0.1 + 0.2), floats(0, 0)]).toEqual([[], [], []]);
    expect(floats(0.1, 0.1001)).toHaveLength(1);
  });
});

const found = (metric: string): Anomaly => ({ metric, value: 1, why: "because" });

const groups = new Set(["mine", "cpu"]);

describe("anomalies", () => {
  it("begin, last and end, and are counted", () => {
    const answers: string[][] = [["a"], ["a", "b"], ["b"], []];
    const detector = { see: () => (answers.shift() ?? []).map(found) };
    const anomalies = new Anomalies();
    anomalies.use([{ name: "hot", made: detector }], groups);
    const next = sampler();
    const phases = () => [...anomalies.see(next({}))].map(({ event }) => `${event.phase} ${event.metric}`);
    expect(phases()).toEqual(["begins a"]);
    expect(phases()).toEqual(["begins b"]);
    expect(anomalies.read()).toEqual({ detectors: new Map([["hot", { anomalies: 2n, active: 2n }]]) });
    expect(phases()).toEqual(["ends a"]);
    expect(phases()).toEqual(["ends b"]);
    expect(anomalies.read()).toEqual({ detectors: new Map([["hot", { anomalies: 2n, active: 0n }]]) });
    new Tracker().read(anomalies.schema, anomalies.read() ?? {});
  });

  it("of one source don't end with a sample of another of its group", () => {
    const anomalies = new Anomalies();
    anomalies.use(
      [{ name: "hot", made: { see: ({ source }) => (source === "mine/mine" ? [found("a")] : []) } }],
      groups,
    );
    const next = sampler();
    const other = { ...next({}), schema: { ...schema, name: "other" } };
    expect([...anomalies.see(next({}))]).toHaveLength(1);
    expect([...anomalies.see(other)]).toEqual([]);
    expect([...anomalies.see(next({}))]).toEqual([]);
  });

  it("of one group don't end with a sample of another, nor by a reload", () => {
    const detector: Detector = { see: ({ group }) => (group === "cpu" ? [found("a")] : []) };
    const anomalies = new Anomalies();
    anomalies.use([{ name: "hot", made: detector }], groups);
    expect([...anomalies.see(sampler("cpu")({}))]).toHaveLength(1);
    expect([...anomalies.see(sampler()({}))]).toEqual([]);
    anomalies.use(
      [
        { name: "hot", made: detector },
        { name: "new", made: detector },
      ],
      groups,
    );
    expect([...anomalies.see(sampler("cpu")({}))].map(({ event }) => event.detector)).toEqual(["new"]);
  });

  it("end with the group or the detector that a reload takes away, and don't come back with a late sample", () => {
    const detector: Detector = { see: ({ group }) => [found(group)] };
    const [hot, cold] = [
      { name: "hot", made: detector },
      { name: "cold", made: detector },
    ];
    const anomalies = new Anomalies();
    anomalies.use([hot, cold], groups);
    for (const group of groups) expect([...anomalies.see(sampler(group)({}))]).toHaveLength(2);
    const ended = (told: ReturnType<typeof anomalies.use>) =>
      told.map(({ event: { detector, phase, metric, unseen } }) => [detector, phase, metric, unseen]);
    expect(ended(anomalies.use([hot], groups))).toEqual([
      ["cold", "ends", "mine", true],
      ["cold", "ends", "cpu", true],
    ]);
    expect(ended(anomalies.use([hot], new Set(["mine"])))).toEqual([["hot", "ends", "cpu", true]]);
    expect([...anomalies.see(sampler("cpu")({}))]).toEqual([]);
    expect(anomalies.read()).toEqual({ detectors: new Map([["hot", { anomalies: 2n, active: 1n }]]) });
  });

  it("of a scheduler's statistics end when another's take their place or they begin anew, but not over a restart", () => {
    const anomalies = new Anomalies();
    const made = threshold.create({ metric: "stats.load", severity: "warning", above: 2, forMs: 0 });
    anomalies.use([{ name: "hot", made }], new Set(["stats"]));
    const next = sampler("stats");
    const see = (scheduler: string, load: number, epoch = 0) => {
      const record = next({ load });
      const named = { ...record, schema: { ...schema, name: `${scheduler}_stats` } };
      const told = anomalies.see({ ...named, sample: { ...record.sample, scheduler, epoch } });
      return [...told].map(({ event }) => `${event.phase} ${event.scheduler} ${event.gone ?? ""}`);
    };
    const counted = (anomalies: bigint) => ({ detectors: new Map([["hot", { anomalies, active: 0n }]]) });
    expect(see("a", 3)).toEqual(["begins a "]);
    expect(see("a", 3, 1)).toEqual([]);
    expect(see("b", 1, 2)).toEqual(["ends a true"]);
    expect(anomalies.read()).toEqual(counted(1n));
    expect(see("a", 3, 3)).toEqual(["begins a "]);
    expect(see("b", 3, 4)).toEqual(["ends a true", "begins b "]);
    expect(anomalies.beginStats().map(({ event }) => [event.phase, event.scheduler, event.unseen])).toEqual([
      ["ends", "b", undefined],
    ]);
    expect(anomalies.read()).toEqual(counted(3n));
  });

  it("of a scheduler's statistics that begin anew aren't found by what these were before", () => {
    const sources: string[] = [];
    const own: Detector = {
      see: ({ source }) => {
        sources.push(source);
        return [];
      },
      forget: () => {
        throw new Error("no");
      },
    };
    const falls = (...loads: (number | undefined)[]) => {
      const anomalies = new Anomalies();
      const made = change.create({ metric: "stats.load", severity: "warning", below: -1 });
      const detectors = [
        { name: "own", made: own },
        { name: "fall", made },
      ];
      anomalies.use(detectors, new Set(["stats"]));
      const next = sampler("stats");
      return loads.flatMap((load) => [
        ...(load === undefined ? anomalies.beginStats() : anomalies.see(next({ load }))),
      ]);
    };
    expect(falls(1000, 0)).toHaveLength(1);
    sources.length = 0;
    expect(falls(1000, undefined, 0)).toEqual([]);
    expect(new Set(sources).size).toBe(2);
  });

  it("survive a detector that fails", () => {
    const failing: Detector = {
      see: () => {
        throw new Error("no");
      },
    };
    const anomalies = new Anomalies();
    anomalies.use(
      [
        { name: "bad", made: failing },
        { name: "good", made: { see: () => [found("a")] } },
      ],
      groups,
    );
    expect([...anomalies.see(sampler()({}))].map(({ event }) => event.detector)).toEqual(["good"]);
  });
});

describe("actuators", () => {
  const event: AnomalyEvent = {
    ...found("a"),
    detector: "hot",
    phase: "begins",
    group: "cpu",
    scheduler: "simple",
    at: 1n,
  };
  const control = { scheduler: "simple" } as Control;
  const part = (act: Actuator["act"], more: Partial<ActuatorPart> = {}): ActuatorPart => ({
    name: "one",
    made: { act, describe: () => "set x" },
    key: "",
    on: undefined,
    when: "begins",
    enabled: true,
    times: 2,
    perMs: 1e9,
    ...more,
  });
  const run = async (parts: ActuatorPart[], events: AnomalyEvent[], of: Control | undefined = control) => {
    const done: unknown[][] = [];
    const actions = new Actions((...what) => done.push(what.slice(0, 3)));
    actions.use(parts);
    for (const one of events) await actions.answer(one, of);
    return done;
  };

  it("act no more often than they may", async () => {
    let acted = 0;
    const counted = part(() => void acted++);
    expect(await run([counted], [event, event, event])).toEqual([
      ["one", "set x", undefined],
      ["one", "set x", undefined],
    ]);
    expect(acted).toBe(2);
  });

  it("do nothing unless they are enabled, meant, and there is a scheduler of ours", async () => {
    const never = (more: Partial<ActuatorPart>) =>
      part(() => {
        throw new Error("asked");
      }, more);
    expect(await run([never({ enabled: false }), never({ on: ["cold"] }), never({ when: "ends" })], [event])).toEqual(
      [],
    );
    const actions = new Actions(() => expect.unreachable());
    actions.use([never({})]);
    await actions.answer(event, undefined);
  });

  it("may fail, which is told", async () => {
    const failing = part(() => Promise.reject(new Error("no way\nat all")));
    expect(await run([failing], [event])).toEqual([["one", "set x", "no way"]]);
    const describe = () => {
      throw new Error("no words");
    };
    const made = { describe, act: () => {} };
    expect(await run([part(made.act, { made })], [event])).toEqual([["one", "act", undefined]]);
  });
});
