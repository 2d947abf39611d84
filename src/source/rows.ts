// SPDX-License-Identifier: MIT
import type { Btf, BtfType } from "../bpf/btf.js";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { cpuIds } from "../kernel/cpus.js";
import { type NativeMap, native, type ObjectMap, type SnapshotOptions } from "../native/index.js";

const log = logger("sampler");

/** A section of global data: its type, with its variables, and the index of the map that it is. */
export interface Section {
  readonly map: number;
  readonly type: BtfType;
}

/** The sections among an object's maps: those whose value's type is one. */
export const sectionsOf = (btf: Btf, maps: readonly ObjectMap[]): Section[] =>
  maps.flatMap(({ valueTypeId }, map) => {
    const type = valueTypeId > 0 ? btf.type(valueTypeId) : undefined;
    return type?.kind === "datasec" ? [{ map, type }] : [];
  });

/** Where values lie in a section of global data: all of it as one value, or a row for each CPU that there can be. Bytes. */
export type Rows = "whole" | RowsOfCpus;

export interface RowsOfCpus {
  readonly offset: number;
  readonly stride: number;
  readonly length: number;
  /** The array's name, where nobody says that its rows are CPUs'. */
  readonly guess?: string;
}

/** The smallest bound of CPUs that a scheduler would be built with: what has fewer rows has them of something else. */
const fewestRows = 64;

/** Integers of rows that are read on a guess: to add up as many takes some hundredths of a millisecond. */
const mostGuessed = 65_536;

/**
 * An array with a row for each CPU, `u64 stats[MAX_CPUS][N]`, which is one value, kept per CPU. BTF doesn't say so: it is taken
 * for one when it is long enough for CPUs, or is called after them.
 * @param said what a statistics map says of it
 */
export function rowsOf(
  btf: Btf,
  { name, type, offset }: { name: string; type: number; offset: number },
  said?: boolean,
): { element: number; rows: RowsOfCpus } | undefined {
  const array = btf.resolve(type);
  if (array.kind !== "array" || said === false) return undefined;
  const element = btf.resolve(array.type).kind;
  const likely = (element === "array" || element === "struct") && (array.length >= fewestRows || isCalledCpu(name));
  if (!(said ?? likely)) return undefined;
  const rows = { offset, stride: btf.sizeOf(array.type), length: array.length };
  return { element: array.type, rows: said ? rows : { ...rows, guess: name } };
}

const isCalledCpu = (name: string): boolean => /(^|_)(per)?cpus?(_|$)/i.test(name);

/**
 * The rows as the addon takes them, of a map on this machine: those of its CPUs. All, where that they are CPUs' is a guess: behind
 * those of CPUs there is nothing if it is right, and counts that would be lost if it isn't.
 * @param width integers in a row
 */
export function boundRows(rows: Rows, map: NativeMap, width: number): NonNullable<SnapshotOptions["rows"]> {
  if (rows === "whole") return { offset: 0, stride: map.info().valueSize, count: 1 };
  const { offset, stride, length, guess } = rows;
  const isAll = guess !== undefined && length * width <= mostGuessed;
  return { offset, stride, count: isAll ? length : Math.min(length, cpuIds()) };
}

/** A guess is looked at anew after twice as many readings, and after so many at the latest. A look takes as long as hundreds of readings. */
const mostUnlooked = 4096;

/** Whether there is anything in rows that can't be CPUs', of an array that was only taken for theirs: said in the log once, and to who asks. */
export class Guess {
  readonly #map: NativeMap;
  readonly #rows: RowsOfCpus;
  readonly #options: SnapshotOptions;
  readonly #cpus = cpuIds();
  /** Rows that one look is at. */
  readonly #most: number;
  #next: number;
  #readings = 0;
  /** The reading after which it is looked at. */
  #due = 1;
  #found: ScxError | undefined;

  /**
   * @param options what is read of it
   * @param width integers in a row
   */
  constructor(map: NativeMap, rows: RowsOfCpus, options: SnapshotOptions, width: number) {
    this.#map = map;
    this.#rows = rows;
    this.#options = options;
    this.#most = Math.max(1, Math.floor(mostGuessed / width));
    this.#next = this.#cpus;
  }

  /** After each reading. Throws what the addon throws. */
  afterReading(): void {
    if (++this.#readings < this.#due || this.#found) return;
    this.#due += Math.min(this.#readings, mostUnlooked);
    this.#look();
  }

  get problems(): readonly ScxError[] {
    return this.#found ? [this.#found] : [];
  }

  /** At the next of the rows: to add up all of a long array would take a while. */
  #look(): void {
    const { offset, stride, length, guess = "" } = this.#rows;
    const count = Math.min(this.#most, length - this.#next);
    const rows = { offset: offset + this.#next * stride, stride, count };
    const { sums, take } = new native.Snapshot(this.#map, { ...this.#options, rows });
    take();
    this.#next = this.#next + count < length ? this.#next + count : this.#cpus;
    if (sums.every((sum) => sum === 0n)) return;
    this.#found = notOfCpus(guess, this.#cpus, (this.#options.rows?.count ?? 0) > this.#cpus);
    log.warn(causeOf(this.#found));
  }
}

/** Undefined where nothing was guessed, or where it can't show. @param options, width as {@link Guess} has them */
export const guessOf = (rows: Rows, map: NativeMap, options: SnapshotOptions, width: number): Guess | undefined =>
  rows === "whole" || rows.guess === undefined || rows.length <= cpuIds()
    ? undefined
    : new Guess(map, rows, options, width);

const notOfCpus = (name: string, cpus: number, areRead: boolean) =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "read",
    message: `${name} was taken for rows of CPUs, and counts in rows behind those of the ${cpus} CPUs that there can be${areRead ? "" : ", which aren't read"}.`,
    remedy: `Say "percpu": false of it in a statistics map: each of its integers is a statistic then.`,
  });

/** Throws ERR_SCX_STATS_META when there are more CPUs than rows, where each has to have one. */
export function requireRows(struct: string, rows: Rows): void {
  const count = cpuIds();
  if (rows === "whole" || count <= rows.length) return;
  throw new ScxError("ERR_SCX_STATS_META", {
    op: "load",
    message: `${struct} has room for ${rows.length} CPUs, and this machine may have ${count}.`,
    remedy: `Build the object with -DSCX_STATS_CPUS=${2 ** Math.ceil(Math.log2(count))}.`,
  });
}
