// SPDX-License-Identifier: MIT
import type { Sample, StatsSchema } from "../stats/schema.js";

/**
 * One reading of one group of statistics, as sinks get it: what the statistics are, and their values. Nothing in it may be
 * changed: every sink gets the same object.
 */
export interface SampleRecord {
  readonly type: "sample";
  /**
   * The group that it is of: `stats` for a scheduler's own, `self` for scxkit's own; further ones (`state`, `events`, `cpu`,
   * `pressure`) by whoever collects them.
   */
  readonly group: string;
  /** Names, kinds, units, labels and meanings. The same object as long as nothing changes, so that a sink can keep by it what it derives. */
  readonly schema: StatsSchema;
  /**
   * The values: totals, and deltas since the sink's previous sample of this group (a sink gets every sample, so it needs no
   * baseline of its own); `at`, `interval` (ns), `epoch`, `scheduler` (`""` where it is of none) and `state`.
   */
  readonly sample: Sample;
  /**
   * Labels of the whole machine or run, host for instance; the same object as long as nothing changes. `{}` where there are none. They don't tell
   * sources apart: a sink that is scraped shows each source's last sample, with its labels.
   */
  readonly labels: Readonly<Record<string, string>>;
  /** ms between samples of this source, as they are meant to come: by then the next one is due. Absent where nobody knows. */
  readonly everyMs?: number | undefined;
  /** When the totals began to count, ns since 1970; absent where nobody knows. */
  readonly since?: bigint | undefined;
}

/**
 * Something that happened: a scheduler's exit, an anomaly, that groups are no longer collected or a scheduler is away. Sinks that only know
 * metrics pass it over.
 */
export interface EventRecord {
  readonly type: "event";
  /** What happened, as the name of a field: `exit`, `anomaly`, `action`, `ended`, `away`. */
  readonly name: string;
  /** ns since 1970. */
  readonly at: bigint;
  /** The scheduler's name, `""` where it is of none. */
  readonly scheduler: string;
  readonly severity: "info" | "warning" | "error";
  /** One line for people. */
  readonly message: string;
  /** The same for programs; what `scxkit run --json` prints of it. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** As those of a {@link SampleRecord}. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What sinks are given, in the order in which it came to be. */
export type SinkRecord = SampleRecord | EventRecord;

/**
 * A destination of statistics. It sees schema values only, never a map or a scheduler: a new one touches its own file and the
 * registry's line.
 *
 * A {@link SinkQueue} stands before each sink and does what all need: it bounds what waits, keeps the order, retries with
 * backoff, limits the time of a write, counts, and flushes at the end. So a sink has no queue, timer of retries or timeout of its own, and its
 * methods are never called while another of its calls is under way (a call that was given up counts until it settles).
 *
 * A user's own sink is the same interface; see {@link SinkFactory} for how it is made.
 */
export interface Sink {
  /**
   * Called once, before anything is written. Checks what can be known at once and what no retry cures, and fails the start
   * with it: a file that can't be created, a port in use, a package that isn't installed ({@link loadPeer}). It doesn't wait for a peer on the
   * network, which may come later: to connect belongs to {@link write}.
   *
   * @throws ScxError ERR_SCX_SINK_OPEN (status 73), ERR_SCX_PEER_MISSING…
   */
  open?(signal: AbortSignal): void | Promise<void>;
  /**
   * Takes over some records (at least one), in order; returning or resolving says that they are delivered and may be
   * forgotten, so a sink with a buffer of its own resolves when the peer has acknowledged.
   *
   * What it throws or rejects with makes the queue try the same records again (the same array) after a pause; how often
   * is for the user's options to say. A {@link SinkRefusal} means that these records will never be taken: they
   * are dropped and counted, and the next ones follow.
   *
   * It runs in the thread that samples: what takes more than a few milliseconds is asynchronous.
   *
   * @param signal fires when the write's time is up (`timeoutMs`), or the run's end has come: settle soon then
   */
  write(records: readonly SinkRecord[], signal: AbortSignal): void | Promise<void>;
  /** Called before {@link close}, when nothing waits any more: what is still buffered is sent. */
  flush?(signal: AbortSignal): void | Promise<void>;
  /** Called once, at last, also where {@link open} failed: gives back sockets, files and timers. */
  close?(): void | Promise<void>;
}

/** JSON Schema (2020-12) of a sink's options: `type: "object"` with its properties. Defaults in it are filled in. */
export type OptionsSchema = Readonly<Record<string, unknown>>;

/** How sinks of one kind are made; what a module of `src/sinks`, or a user's, exports. */
export interface SinkFactory<O = never> {
  /** What its options may be; unknown ones are refused unless it says otherwise. Times are in ms, sizes in bytes, and say so in their names. */
  readonly options?: OptionsSchema;
  /** The option that stands after the colon in `--to NAME:VALUE`. */
  readonly address?: string;
  /** Keeps metrics, and so gets scxkit's own (group `self`) as well where the user says nothing of groups. */
  readonly metrics?: boolean;
  /**
   * Makes a sink, which opens nothing yet: that is for {@link Sink.open}. Files that its options name may be read.
   * @param options checked against the schema, with its defaults
   * @throws ScxError ERR_SCX_USAGE for what a schema can't say
   */
  create(options: O): Sink | Promise<Sink>;
}

/** Thrown by {@link Sink.write} when the destination will never take these records: no retry, they are dropped and counted. */
export class SinkRefusal extends Error {
  override readonly name = "SinkRefusal";
  /** How many of them it refused, when it has taken the others; absent when it took none. */
  readonly records: number | undefined;

  constructor(message: string, records?: number) {
    super(message);
    this.records = records;
  }
}

/** A refusal because nobody is left who would take anything, as `| head` leaves: counted as dropped, and no loss to warn of. */
export class SinkAbandoned extends SinkRefusal {}
