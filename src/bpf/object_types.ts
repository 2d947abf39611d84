// SPDX-License-Identifier: MIT
import type { StatValues } from "../stats/schema.js";
import type { WritableMap } from "./map.js";
import type { BtfValue } from "./value.js";

/** A struct's value. */
export type StructValue = { readonly [member: string]: BtfValue };

/**
 * An object's names and types for the compiler, of any object unless a narrower one is given: `scxkit gen` writes that for an
 * object file, and `BpfObject<Simple>` and all that comes of it then know the names.
 */
export interface ObjectTypes {
  /** Global variables of .rodata, which can't be set any more after load. */
  constants: Record<string, BtfValue>;
  /** The other global variables. */
  variables: Record<string, BtfValue>;
  /** The scheduler's fields of sched_ext_ops that are data. */
  ops: Record<string, BtfValue>;
  /** Keys and values of the maps; of a per-CPU map the value is a list, one for each CPU. */
  maps: Record<string, { key: BtfValue; value: BtfValue }>;
  /** SEC("syscall") programs, with the struct that each is given; never where BTF doesn't say. */
  programs: Record<string, StructValue>;
  /** The other programs that are no callbacks of a scheduler (tracepoints, kprobes, fentry…), with their sections. */
  companions: Record<string, string>;
  /** What a sample's `stats` hold. */
  stats: StatValues;
}

/** The names among a record's keys: any text, for an object of which nothing is known. */
export type NameIn<R> = keyof R & string;

/** A variable, or a part of it: `config`, `config.limits[1].low`. */
export type PathIn<R> = NameIn<R> | `${NameIn<R>}.${string}` | `${NameIn<R>}[${string}`;

/** All global variables of an object, as long as it isn't loaded. */
export type Globals<T extends ObjectTypes> = T["constants"] & T["variables"];

/** All global variables of an object that is loaded: those of .rodata are what they are. */
export type LoadedGlobals<T extends ObjectTypes> = Readonly<T["constants"]> & T["variables"];

/** The maps of an object that is loaded, by name. */
export type LoadedMaps<T extends ObjectTypes> = {
  readonly [M in keyof T["maps"]]: WritableMap<T["maps"][M]["key"], T["maps"][M]["value"]>;
};

/** What a value can be made from: 64-bit integers from a number too, members that aren't named are zero. */
export type Given<T> = T extends bigint
  ? bigint | number
  : T extends readonly (infer E)[]
    ? readonly Given<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Given<T[K]> }
      : T;
