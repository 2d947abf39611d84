// SPDX-License-Identifier: MIT
import type { Btf, BtfType } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { cpuIds } from "../kernel/cpus.js";
import { type NativeMap, type NativeSnapshot, native, type ObjectMap, type SnapshotOptions } from "../native/index.js";

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

/**
 * Looks whether there is anything in rows that can't be CPUs', of an array that was only taken for theirs.
 * @param options what of a row is looked at
 * @returns undefined where that can't be
 */
export function wrongGuess(
  rows: Rows,
  map: NativeMap,
  options: SnapshotOptions,
): (() => readonly ScxError[]) | undefined {
  const cpus = cpuIds();
  if (rows === "whole" || rows.guess === undefined || rows.length <= cpus) return undefined;
  const { offset, stride, length, guess } = rows;
  const beyond = { offset: offset + cpus * stride, stride, count: length - cpus };
  let snapshot: NativeSnapshot | undefined;
  let found: readonly ScxError[] = [];
  return () => {
    if (found.length > 0) return found;
    try {
      snapshot ??= new native.Snapshot(map, { ...options, rows: beyond });
      snapshot.take();
    } catch {
      return found; // the reading itself says why
    }
    if (snapshot.sums.some((sum) => sum !== 0n)) found = [notOfCpus(guess, cpus, (options.rows?.count ?? 0) > cpus)];
    return found;
  };
}

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
