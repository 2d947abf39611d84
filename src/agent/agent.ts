// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf } from "../error.js";
import { checkGiven } from "../given.js";
import type { ExitRecord } from "../scheduler/exit.js";
import type { RunEnd } from "../scheduler/supervise.js";
import { awayEvent } from "../sinks/away_event.js";
import { endedEvent } from "../sinks/ended_event.js";
import { exitEvent } from "../sinks/exit_event.js";
import { OwnReader } from "../sinks/own.js";
import { sameLabels } from "../sinks/same_labels.js";
import type { SampleRecord } from "../sinks/sink.js";
import { groupNames } from "../source/group.js";
import { groupSource } from "../source/groups.js";
import { standardLabels } from "../source/labels.js";
import type { SelfFacts } from "../source/self.js";
import type { ValueSource } from "../source/values.js";
import type { Sample, StatsSchema } from "../stats/schema.js";
import { Actions } from "./actions.js";
import { Anomalies, type Told } from "./anomalies.js";
import { Collector } from "./collector.js";
import { actionRecord, anomalyRecord } from "./event.js";
import { keptNames, keptPart } from "./kept.js";
import type { AgentConfig } from "./load.js";
import { Outlets } from "./outlets.js";
import type { DetectorPart } from "./parts.js";
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
  /** Which it goes by; its sources and detectors are those that run. */
  #config: AgentConfig;
  /** The one that is being turned to. */
  #next: AgentConfig | undefined;
  #labels: SampleRecord["labels"] = {};
  #watched: Watched | undefined;
  /** What it watches by, which a config that could not be had may have left alone. */
  #watchedBy: AgentConfig | undefined;
  /** By path; one, but while it is turned to another config. */
  readonly #sockets = new Map<string, Socket>();
  #missed = 0n;
  #stopped: Promise<void> | undefined;
  /** Resolves when no reload is under way. */
  #reloaded: Promise<unknown> = Promise.resolve();
  #end: (end: RunEnd | undefined) => void = () => {};
  /** The sources of our own groups, each made when it is first wanted. */
  readonly #own = new Map<string, ValueSource>();
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
    const remedy = 'Give what loadConfig() has read: Agent.start(await loadConfig("agent.yaml")).';
    checkGiven("agent", "The agent's config", config, ["settings", "sinks"], remedy);
    const agent = new Agent(config);
    const stop = () => agent.#stopping.abort();
    if (signal?.aborted) stop();
    // Its caller's signal may outlive it.
    signal?.addEventListener("abort", stop, { once: true, signal: agent.#stopping.signal });
    try {
      agent.#turnTo(config); // which the first sample is for
      await agent.#open(config);
    } catch (error) {
      await agent.stop();
      throw error;
    }
    agent.#collector.start();
    return agent;
  }

  /**
   * Goes on by another config. What is the same in both goes on as it is: a scheduler isn't restarted, a sink keeps its
   * connection and its queue, counters and baselines stay. Where it fails, as much as can be goes on by the former one, and what was
   * made and opened for this one is closed again. A config is for one use: {@link loadConfig} makes the components of the next.
   * One comes after the other; after {@link stop} nothing is done.
   * @throws as {@link start}
   */
  reload(config: AgentConfig): Promise<void> {
    const reloaded = this.#reloaded.then(() => this.#reload(config));
    this.#reloaded = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(given: AgentConfig): Promise<void> {
    const { signal } = this.#stopping;
    if (signal.aborted) return this.#discard(given);
    const config = keptNames(given, this.#config);
    this.#next = config;
    try {
      await this.#open(config);
      this.#turnTo(config);
    } catch (error) {
      this.#discard(config);
      if (!signal.aborted)
        await this.#open(this.#config).catch((again: unknown) =>
          log.error(`the former config fails as well: ${causeOf(again)}`),
        );
      this.#turnTo(this.#config);
      throw error;
    } finally {
      this.#next = undefined;
      await this.#settle();
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

  /** What may fail of turning to a config; of what goes on by the former one nothing has ended then. */
  async #open(config: AgentConfig): Promise<void> {
    await this.#outlets.use(config.sinks, this.#stopping.signal, config.settings.shutdownMs);
    await this.#serve(config); // first: for a path that is taken no scheduler is to end
    const by = this.#watchedBy;
    if (!by || !sameWatched(by, config)) await this.#watch(config);
    this.#watchedBy = config;
    await this.#serve(config);
  }

  /** Closes what the config doesn't name: only now is it known not to be needed again. */
  async #settle(): Promise<void> {
    const { serve, shutdownMs } = this.#config.settings;
    const gone = [...this.#sockets.values()].filter(({ path }) => path !== serve);
    for (const { path } of gone) this.#sockets.delete(path);
    await Promise.all([...gone.map((socket) => socket.close()), this.#outlets.settle(shutdownMs)]);
  }

  /** What can't fail of it: groups, detectors and actuators; those that leave are let go of. */
  #turnTo(config: AgentConfig): void {
    const { settings } = config;
    const before = this.#config;
    const labels = { ...standardLabels(settings.standardLabels), ...settings.labels };
    if (!sameLabels(labels, this.#labels)) this.#labels = labels; // sinks keep by the object what they derive
    this.#config = {
      ...config,
      sources: config.sources.map((part) => keptPart(part, before.sources)),
      detectors: config.detectors.map((part) => keptPart(part, before.detectors)),
    };
    const sources = this.#sources(this.#config);
    this.#actions.use(config.actuators);
    this.#collector.use(sources);
    this.#collect(new Set([...sources.keys(), ...(isSampled(config) ? ["stats"] : [])]));
    if (before.settings.intervalMs === settings.intervalMs) return;
    this.#collector.setInterval(settings.intervalMs);
    if (sameWatched(before, config)) this.#watched?.setInterval(settings.intervalMs);
  }

  /** These groups are collected from now on. */
  #collect(groups: ReadonlySet<string>): void {
    const ended = [...this.#groups].filter((name) => !groups.has(name));
    this.#groups = groups;
    this.#tell(this.#anomalies.use(this.#config.detectors, groups));
    if (ended.length > 0) this.#outlets.push(endedEvent(ended, this.#labels));
  }

  /** Lets go of what was made for a config that isn't turned to. */
  #discard({ sources }: AgentConfig): void {
    for (const { made } of sources) if (!this.#config.sources.some((one) => one.made === made)) made.close?.();
  }

  /** What is collected by group; a scheduler's own statistics come by themselves. */
  #sources({ settings, sources: theirs, detectors }: AgentConfig): Map<string, ValueSource> {
    const sources = new Map<string, ValueSource>();
    for (const name of settings.groups ?? groupNames)
      if (name !== "stats") {
        const known = this.#own.get(name) ?? groupSource(name, this.#facts());
        this.#own.set(name, known);
        sources.set(name, known);
      }
    for (const name of this.#own.keys()) if (!sources.has(name)) this.#own.delete(name);
    for (const { name, made } of theirs) sources.set(name, made);
    if (detectors.length > 0) sources.set(this.#anomalies.name, this.#anomalies);
    return sources;
  }

  /** What the agent knows of itself, for its group `self` and whoever asks on the socket. */
  #facts(): SelfFacts {
    return {
      ticks: () => ({ ...this.#collector.ticks, missed: this.#collector.ticks.missed + this.#missed }),
      errors: () => this.#collector.errors,
      dropped: () => BigInt(this.#outlets.dropped),
    };
  }

  async #watch(config: AgentConfig): Promise<void> {
    const listener = {
      sample: (schema: StatsSchema, sample: Sample, since: bigint | undefined) => {
        if (config.watched?.object !== undefined) this.#ownReader.runs(sample.scheduler);
        // Nothing is lost of what one counts that is being turned to.
        if (config === this.#next && isSampled(config)) this.#groups = new Set([...this.#groups, "stats"]);
        if (this.#groups.has("stats")) this.#sample("stats", schema, sample, since);
      },
      exit: (exit: ExitRecord) => {
        this.#ownReader.exited(exit);
        this.#outlets.push(exitEvent(exit, this.#labels));
      },
      away: (scheduler: string) => {
        this.#tell(this.#anomalies.beginStats());
        this.#outlets.push(awayEvent(scheduler, this.#labels));
        this.#reportSinks();
      },
      missed: (ticks: number) => {
        this.#missed += BigInt(ticks);
      },
      error: (error: unknown) => this.#collector.failed("the scheduler", error),
    };
    const before = this.#watched;
    const makeRoom = async () => {
      await this.#unwatch();
      if (before) this.#tell(this.#anomalies.beginStats()); // the next one's, though it may have the same name
    };
    const watched = await watch(config, this.#stopping.signal, listener, before, makeRoom);
    this.#watched = watched;
    if (watched === before) return;
    void watched?.ended.then((end) => {
      if (this.#watched === watched) this.#end(end);
    });
  }

  async #unwatch(): Promise<void> {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map((socket) => socket.close()));
    const watched = this.#watched;
    this.#watched = undefined;
    this.#watchedBy = undefined;
    await watched?.close();
  }

  async #serve({ settings: { serve, intervalMs } }: AgentConfig): Promise<void> {
    if (serve === undefined || this.#sockets.has(serve) || !this.#watched?.sampler) return;
    this.#sockets.set(serve, await Socket.listen(serve, this.#watched, intervalMs, this.#facts()));
  }

  #sample(group: string, schema: StatsSchema, sample: Sample, since: bigint | undefined): void {
    const labels = this.#labels;
    const everyMs = this.#config.settings.intervalMs;
    this.#record({ type: "sample", group, schema, sample, labels, everyMs, since });
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

  /**
   * What the sinks and exits have come to, for those that keep metrics, and detectors.
   * @param last whether nothing follows, which is no anomaly's beginning or end
   */
  #reportSinks(last = false): void {
    if (!this.#groups.has("self")) return;
    const about = { labels: this.#labels, everyMs: this.#config.settings.intervalMs };
    const record = this.#ownReader.read(this.#outlets.queues, this.#watched?.up(), about);
    if (last) this.#outlets.push(record);
    else this.#record(record);
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reloaded; // which else would open what nobody closes
    await this.#unwatch(); // whose last sample and exit go to the sinks
    this.#collector.tick(); // what was counted since the last one
    this.#reportSinks(true);
    this.#collector.close();
    await this.#outlets.close(this.#config.settings.shutdownMs);
    this.#end(undefined);
  }
}

/** Whether a scheduler's own statistics are collected. */
const isSampled = ({ watched, settings: { groups } }: AgentConfig): boolean =>
  watched !== undefined && (groups?.includes("stats") ?? true);
