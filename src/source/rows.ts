// SPDX-License-Identifier: MIT
import type { Btf, BtfType } from "../bpf/btf.js";
import { ScxError } from "../error.js";
import { cpuIds } from "../kernel/cpus.js";
import type { NativeMap, ObjectMap, SnapshotOptions } from "../native/index.js";

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
export type Rows = "whole" | { readonly offset: number; readonly stride: number; readonly length: number };

/** The smallest bound of CPUs that a scheduler would be built with: what has fewer rows has them of something else. */
const fewestRows = 64;

/**
 * An array with a row for each CPU, `u64 stats[MAX_CPUS][N]`, which is one value, kept per CPU. BTF doesn't say so: it is taken
 * for one when it is long enough for CPUs, or is called after them.
 * @param said what a statistics map says of it
 */
export function rowsOf(
  btf: Btf,
  { name, type, offset }: { name: string; type: number; offset: number },
  said?: boolean,
): { element: number; rows: Exclude<Rows, "whole"> } | undefined {
  const array = btf.resolve(type);
  if (array.kind !== "array" || said === false) return undefined;
  const element = btf.resolve(array.type).kind;
  const likely = (element === "array" || element === "struct") && (array.length >= fewestRows || isCalledCpu(name));
  if (!(said ?? likely)) return undefined;
  return { element: array.type, rows: { offset, stride: btf.sizeOf(array.type), length: array.length } };
}

const isCalledCpu = (name: string): boolean => /(^|_)(per)?cpus?(_|$)/i.test(name);

/** The rows as the addon takes them, of a map on this machine. */
export function boundRows(rows: Rows, map: NativeMap): NonNullable<SnapshotOptions["rows"]> {
  if (rows === "whole") return { offset: 0, stride: map.info().valueSize, count: 1 };
  const { offset, stride, length } = rows;
  return { offset, stride, count: Math.min(length, cpuIds()) };
}

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
