// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { RunEnd } from "../scheduler/supervise.js";
import { endedEvent } from "../sinks/ended_event.js";
import { exitEvent } from "../sinks/exit_event.js";
import { OwnReader } from "../sinks/own.js";
import type { SampleRecord } from "../sinks/sink.js";
import { groupNames } from "../source/group.js";
import { groupSource } from "../source/groups.js";
import { standardLabels } from "../source/labels.js";
import type { ValueSource } from "../source/values.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { Actions } from "./actions.js";
import { Anomalies, type Told } from "./anomalies.js";
import { Collector } from "./collector.js";
import { actionRecord, anomalyRecord } from "./event.js";
import type { AgentConfig } from "./load.js";
import { Outlets } from "./outlets.js";
import type { DetectorPart, Part } from "./parts.js";
import { Socket } from "./serving.js";
import { notRunning, type Watched } from "./watched.js";
import { sameWatched, watch } from "./watching.js";

const log = logger("agent");

/**
 * What a config file describes, running: a scheduler that is watched, groups that are collected, sinks that get both, detectors
 * that look for anomalies and actuators that answer them.
 */
export class Agent {
  /** Resolves when a scheduler of ours has left and nothing follows it; also when the agent was stopped. */
  readonly ended: Promise<RunEnd | undefined>;
  readonly #stopping = new AbortController();
  readonly #outlets = new Outlets();
  readonly #anomalies = new Anomalies<DetectorPart>();
  readonly #actions: Actions;
  readonly #collector: Collector;
  readonly #ownReader = new OwnReader();
  #config: AgentConfig;
  #labels: SampleRecord["labels"] = {};
  #watched: Watched | undefined;
  /** What it watches by, which a config that could not be had may have left alone. */
  #watchedBy: AgentConfig | undefined;
  #socket: Socket | undefined;
  #missed = 0n;
  #stopped: Promise<void> | undefined;
  /** Resolves when no reload is under way. */
  #reloaded: Promise<unknown> = Promise.resolve();
  #end: (end: RunEnd | undefined) => void = () => {};
  /** The sources of our own groups, each made when it is first wanted. */
  readonly #own = new Map<string, ValueSource>();
  /** The user's sources and the detectors, as they run. */
  #theirs: readonly Part<ValueSource>[] = [];
  #detectors: readonly DetectorPart[] = [];
  /** Those that are collected, `stats` included. */
  #groups: ReadonlySet<string> = new Set();

  private constructor(config: AgentConfig) {
    this.#config = config;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#collector = new Collector(
      config.settings.intervalMs,
      () => this.#watched?.running() ?? notRunning,
      (group, schema, sample) => this.#sample(group, schema, sample, undefined),
      () => this.#reportSinks(),
    );
    this.#actions = new Actions((...done) => this.#outlets.push(actionRecord(...done, this.#labels)));
  }

  /**
   * Resolves when all runs: sinks are open, and a scheduler of ours is attached.
   * @param signal gives the start up, and stops the agent later
   * @throws ScxError what opening the sinks, loading the scheduler or listening throw
   */
  static async start(config: AgentConfig, { signal }: { signal?: AbortSignal } = {}): Promise<Agent> {
    const agent = new Agent(config);
    const stop = () => agent.#stopping.abort();
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await agent.#apply(config);
    } catch (error) {
      await agent.stop();
      throw error;
    }
    agent.#collector.start();
    return agent;
  }

  /**
   * Goes on by another config. What is the same in both goes on as it is: a scheduler isn't restarted, a sink keeps its
   * connection and its queue, counters and baselines stay. Where it fails, as much as can be goes on by the former one.
   * One comes after the other; after {@link stop} nothing is done.
   * @throws as {@link start}
   */
  reload(config: AgentConfig): Promise<void> {
    const reloaded = this.#reloaded.then(() => this.#reload(config));
    this.#reloaded = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(config: AgentConfig): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    try {
      await this.#apply(config);
      this.#config = config;
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        await this.#apply(this.#config).catch((again: unknown) =>
          log.error(`the former config fails as well: ${causeOf(again)}`),
        );
      throw error;
    }
  }

  /** Stops the scheduler, if it is ours, and gives sinks their time to write what waits. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** For people: what it does now. */
  get status(): string {
    const { scheduler, state } = this.#watched?.running() ?? notRunning;
    const what = scheduler === "" ? "watching no scheduler" : `watching ${scheduler} (${state})`;
    return `${what}, ${this.#outlets.count} sinks`;
  }

  async #apply(config: AgentConfig): Promise<void> {
    const { settings } = config;
    await this.#outlets.use(config.sinks, this.#stopping.signal, settings.shutdownMs);
    this.#labels = { ...standardLabels(settings.standardLabels), ...settings.labels };
    this.#detectors = config.detectors.map((part) => keep(part, this.#detectors));
    const sources = this.#sources(config);
    this.#actions.use(config.actuators);
    this.#collector.use(sources);
    this.#turnTo(new Set([...sources.keys(), ...(isSampled(config) ? ["stats"] : [])]));
    this.#collector.setInterval(settings.intervalMs);
    const by = this.#watchedBy;
    if (!by || !sameWatched(by, config)) await this.#watch(config);
    else if (by.settings.intervalMs !== settings.intervalMs) this.#watched?.setInterval(settings.intervalMs);
    this.#watchedBy = config;
    await this.#serve(config);
    // Only now is it known that they aren't needed again.
    await this.#outlets.settle(settings.shutdownMs);
  }

  /** These groups are collected from now on. */
  #turnTo(groups: ReadonlySet<string>): void {
    const ended = [...this.#groups].filter((name) => !groups.has(name));
    this.#groups = groups;
    this.#tell(this.#anomalies.use(this.#detectors, groups));
    if (ended.length > 0) this.#outlets.push(endedEvent(ended, this.#labels));
  }

  /** What is collected by group; a scheduler's own statistics come by themselves. */
  #sources(config: AgentConfig): Map<string, ValueSource> {
    const sources = new Map<string, ValueSource>();
    for (const name of config.settings.groups ?? groupNames)
      if (name !== "stats") {
        const known = this.#own.get(name) ?? groupSource(name, this.#facts());
        this.#own.set(name, known);
        sources.set(name, known);
      }
    for (const name of this.#own.keys()) if (!sources.has(name)) this.#own.delete(name);
    this.#theirs = config.sources.map((part) => keep(part, this.#theirs));
    for (const { name, made } of this.#theirs) sources.set(name, made);
    if (config.detectors.length > 0) sources.set(this.#anomalies.name, this.#anomalies);
    return sources;
  }

  #facts() {
    return {
      ticks: () => ({ ...this.#collector.ticks, missed: this.#collector.ticks.missed + this.#missed }),
      errors: () => this.#collector.errors,
    };
  }

  async #watch(config: AgentConfig): Promise<void> {
    const listener = {
      sample: (schema: StatsSchema, sample: Sample, since: bigint | undefined) => {
        if (config.watched?.object !== undefined) this.#ownReader.runs(sample.scheduler);
        if (this.#groups.has("stats")) this.#sample("stats", schema, sample, since);
      },
      exit: (exit: ExitRecord) => {
        this.#ownReader.exited(exit);
        this.#outlets.push(exitEvent(exit, this.#labels));
      },
      missed: (ticks: number) => {
        this.#missed += BigInt(ticks);
      },
      error: (error: unknown) => this.#collector.failed("the scheduler", error),
    };
    const before = this.#watched;
    const watched = await watch(config, this.#stopping.signal, listener, before, () => this.#unwatch());
    this.#watched = watched;
    if (watched === before) return;
    void watched?.ended.then((end) => {
      if (this.#watched === watched) this.#end(end);
    });
  }

  async #unwatch(): Promise<void> {
    await this.#socket?.close();
    this.#socket = undefined;
    const watched = this.#watched;
    this.#watched = undefined;
    this.#watchedBy = undefined;
    await watched?.close();
  }

  async #serve({ settings: { serve, intervalMs } }: AgentConfig): Promise<void> {
    if (this.#socket?.path !== serve) {
      await this.#socket?.close();
      this.#socket = undefined;
    }
    if (serve !== undefined && this.#watched) this.#socket ??= await Socket.listen(serve, this.#watched, intervalMs);
  }

  #sample(group: string, schema: StatsSchema, sample: Sample, since: bigint | undefined): void {
    const labels = this.#labels;
    this.#record({ type: "sample", group, schema, sample, labels, since });
  }

  #record(record: SampleRecord): void {
    this.#outlets.push(record);
    this.#tell(this.#anomalies.see(record));
  }

  #tell(events: Iterable<Told<DetectorPart>>): void {
    for (const { detector, event } of events) {
      this.#outlets.push(anomalyRecord(event, this.#labels), detector.sinks);
      if (!event.unseen) void this.#actions.answer(event, this.#watched?.control);
    }
  }

  /** What the sinks and exits have come to, for those that keep metrics. */
  #reportSinks(): void {
    if (!this.#groups.has("self")) return;
    this.#outlets.push(this.#ownReader.read(this.#outlets.queues, this.#watched?.up(), this.#labels));
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reloaded; // which else would open what nobody closes
    await this.#unwatch(); // whose last sample and exit go to the sinks
    this.#collector.tick(); // what was counted since the last one
    this.#reportSinks();
    this.#collector.close();
    await this.#outlets.close(this.#config.settings.shutdownMs);
    this.#end(undefined);
  }
}

/** Whether a scheduler's own statistics are collected. */
const isSampled = ({ watched, settings: { groups } }: AgentConfig): boolean =>
  watched !== undefined && (groups?.includes("stats") ?? true);

/** A part that runs already in place of the same one that was made anew, which nobody will need. */
const keep = <P extends Part<object>>(part: P, before: readonly P[]): P => {
  const known = before.find(({ key }) => key === part.key);
  if (known === undefined || known.made === part.made) return part;
  (part.made as Partial<ValueSource>).close?.();
  return { ...part, made: known.made };
};
