// SPDX-License-Identifier: MIT
import type { DecodedValues, Integers, WithNumbers } from "../stats/decode.js";
import type { FieldValues } from "../stats/define.js";

/** How a StatsClient behaves. */
export interface StatsClientOptions {
  /** How long connecting, and each request, may take; 5000 unless said otherwise, `Infinity` for no limit. */
  timeoutMs?: number | undefined;
  /** Ends the connecting. */
  signal?: AbortSignal | undefined;
  /** Longest reply line accepted, in bytes; 16 MiB unless said otherwise. */
  maxLine?: number | undefined;
  /**
   * How many requests may be on their way at once; 1 unless said otherwise, which suits any server. Upstream's and ours
   * answer more, in order. `"probe"` finds out on a connection of its own and allows 64, or 1.
   */
  pipeline?: number | "probe";
}

/** What one request may be given. */
export interface RequestOptions {
  /** Gives up on this request. Once it is sent that ends the connection: nobody could tell later which reply is whose. */
  signal?: AbortSignal | undefined;
}

/** What StatsClient.stats() may be given. */
export interface StatsOptions<I extends Integers = Integers> extends RequestOptions {
  /** What to ask for; the server's own default (`top`) unless given. */
  target?: string | undefined;
  /** Further arguments, for the server's handler. */
  args?: Readonly<Record<string, string>> | undefined;
  /** What integers are given as: bigint unless said otherwise. Those that are no exact number are an error then. */
  integers?: I | undefined;
}

/** A definition's values, with integers of this type; those of a schema that was only known at run time by name. */
export type ValuesIn<F, I extends Integers> = unknown extends F
  ? DecodedValues
  : I extends "number"
    ? WithNumbers<FieldValues<F>>
    : FieldValues<F>;
