// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import type { PeerCredentials } from "../native/index.js";
import { atField, type MetaStruct, metaOf } from "../stats/meta.js";
import type { Sample, StatsSchema, StatValue } from "../stats/schema.js";
import { stringify, type WireValue } from "./json.js";

/** One connection, as its handlers see it. */
export interface Session {
  /** Counts connections of this server, from 1. */
  readonly id: number;
  /** The process at the other end, as the kernel knows it. */
  readonly peer: PeerCredentials;
  /** Fires when the connection is gone. */
  readonly signal: AbortSignal;
}

/** What answers one connection's requests for one target, with whatever that client's own baseline is. */
export interface Handler {
  /**
   * Answers one request with a value or, where many clients get the same one, with an {@link EncodedReply}. All
   * arguments are given, `target` included. What it throws becomes the client's error reply: with the ScxError's errno
   * if it has one, else 22, and its message as the text.
   */
  read(args: ReadonlyMap<string, string>): HandlerReply | Promise<HandlerReply>;
  /** Called once, when the connection has gone. */
  close?(): void | Promise<void>;
}

/** What a handler may answer with: see {@link WireValue} for how types become JSON. */
export type HandlerReply = WireValue | object | EncodedReply;

/** Something clients can ask for by name. */
export interface Target {
  /** The structs its replies are made of, for `stats_meta`; the same array as long as nothing changes. */
  readonly meta?: readonly MetaStruct[];
  /** Called on a connection's first request for this target. */
  open(session: Session): Handler | Promise<Handler>;
}

/** A whole reply line, serialised once to be sent as often as wanted. */
export class EncodedReply {
  readonly line: Buffer;
  /**
   * @param reply a value; or, as a Buffer, a whole line with its newline that came from elsewhere
   * @throws ScxError ERR_SCX_VALUE as {@link stringify} does.
   */
  constructor(reply: WireValue | object | Buffer) {
    this.line = Buffer.isBuffer(reply) ? reply : Buffer.from(`{"errno":0,"args":{"resp":${stringify(reply)}}}\n`);
  }
}

/**
 * A target that says the same to every client: however many ask, and how often, it is read and serialised once an
 * interval, and what is sent are the same bytes. For what depends on the client or its arguments a target of its own is
 * the way.
 *
 * @param read gives the value; what it throws is the error of those who asked, and is not kept
 * @param options the interval in ms, and the structs that the value is made of
 */
export function sharedTarget(
  read: () => HandlerReply | Promise<HandlerReply>,
  options: { intervalMs: number; meta?: readonly MetaStruct[] },
): Target {
  checkGiven("listen", "How long an answer is kept", options, ["intervalMs"], "Give { intervalMs }, and meta as well.");
  const { intervalMs, ...described } = options;
  let made: { reply: EncodedReply | Promise<EncodedReply>; until: number } | undefined;
  const handler: Handler = {
    read: () => {
      const now = performance.now();
      if (made !== undefined && now < made.until) return made.reply;
      const value = read();
      if (!(value instanceof Promise)) {
        made = { reply: encoded(value), until: now + intervalMs };
        return made.reply;
      }
      // Whoever asks meanwhile waits for the same reading.
      const mine = { reply: value.then(encoded), until: Number.POSITIVE_INFINITY };
      made = mine;
      mine.reply.then(
        () => {
          mine.until = now + intervalMs;
        },
        () => {
          made = undefined;
        },
      );
      return mine.reply;
    },
  };
  return { ...described, open: () => handler };
}

/** A value as a reply line, unless it is one. @throws ScxError ERR_SCX_VALUE as {@link stringify} does. */
export const encoded = (value: HandlerReply): EncodedReply =>
  value instanceof EncodedReply ? value : new EncodedReply(value);

/** What the server needs of a sampler. */
export interface SampleProvider {
  readonly schema: StatsSchema;
  /** Run totals as of the last tick, read afresh when older than an interval. The same object means the same reading. */
  totals(): Sample;
  /**
   * A reader with a baseline of its own: each `read` gives the delta since its last one. With `reuse` a sample needs to hold until the
   * next only.
   */
  consumer(options?: { reuse?: boolean }): { read(): Sample; close(): void };
}

/** The targets every sampler gives: `top`, the run's totals, and `delta`, what happened since this client last asked. */
export function sampleTargets(sampler: SampleProvider): Map<string, Target> {
  const meta = metaOnce(sampler, true);
  return new Map([
    ["top", describedBy(meta, openTop(sampler))],
    ["delta", describedBy(meta, () => openDelta(sampler))],
  ]);
}

/** The description of what is sampled, made anew when that is another: after a fallback another scheduler's statistics are. */
function metaOnce(sampler: SampleProvider, top: boolean): () => readonly MetaStruct[] {
  let described: { schema: StatsSchema; meta: readonly MetaStruct[] } | undefined;
  return () => {
    if (described?.schema !== sampler.schema) described = { schema: sampler.schema, meta: metaOf(sampler.schema, top) };
    return described.meta;
  };
}

/** A further target: what another group's sampler has as of its last reading. */
export function totalsTarget(sampler: SampleProvider): Target {
  checkGiven("listen", "A target's sampler", sampler, ["totals"], "Give a Sampler or a ValueSampler.");
  return describedBy(metaOnce(sampler, false), openTop(sampler));
}

const describedBy = (meta: () => readonly MetaStruct[], open: () => Handler): Target => ({
  get meta() {
    return meta();
  },
  open,
});

/** Every client gets the same bytes, made once for each reading. */
function openTop(sampler: SampleProvider): () => Handler {
  let last: { sample: Sample; at: bigint; reply: EncodedReply } | undefined;
  const read = (): EncodedReply => {
    const sample = sampler.totals();
    if (last?.sample !== sample || last.at !== sample.at) {
      last = { sample, at: sample.at, reply: new EncodedReply(flatten(sampler.schema, sample, "total")) };
    }
    return last.reply;
  };
  return () => ({ read });
}

function openDelta(sampler: SampleProvider): Handler {
  const consumer = sampler.consumer({ reuse: true }); // what is sent is made of it at once
  return { read: () => flatten(sampler.schema, consumer.read(), "delta"), close: () => consumer.close() };
}

/** The fields of the top struct. Maps, for the names are an object file's. */
function flatten(schema: StatsSchema, sample: Sample, side: Side): ReadonlyMap<string, WireValue> {
  const unsigned = new Set(schema.stats.filter((stat) => stat.type === "u64").map((stat) => stat.name));
  const fields = Object.entries(sample.stats).map(([name, value]): [string, WireValue] => [
    name,
    wireOf(name, value, side, unsigned.has(name) ? "u64" : "i64"),
  ]);
  return new Map<string, WireValue>([[atField, sample.at], ...fields]);
}

type Side = "total" | "delta";

/** @param gauge what a gauge's bigint may be */
function wireOf(name: string, value: StatValue, side: Side, gauge: "u64" | "i64"): WireValue {
  if ("total" in value) return inRange(name, value[side], "u64");
  if ("value" in value) return typeof value.value === "bigint" ? inRange(name, value.value, gauge) : value.value;
  if ("buckets" in value) {
    const { count, sum, buckets } = side === "total" ? value : value.delta;
    return new Map<string, WireValue>([
      ["count", count],
      ["sum", sum],
      ["buckets", buckets],
    ]);
  }
  if ("items" in value) return value.items.map((item, i) => wireOf(`${name}[${i}]`, item, side, gauge));
  const parts = Object.entries("entries" in value ? value.entries : value.fields);
  return new Map(parts.map(([part, item]) => [part, wireOf(`${name}.${part}`, item, side, gauge)]));
}

/** Typed clients refuse a reply with a field out of its type, so such a reply doesn't leave. */
function inRange(name: string, number: bigint, type: "u64" | "i64"): bigint {
  const bits = type === "u64" ? BigInt.asUintN : BigInt.asIntN;
  if (typeof number === "bigint" && bits(64, number) === number) return number;
  throw new ScxError("ERR_SCX_VALUE", {
    op: "read",
    message: `Statistic "${name}" is ${number}, which is no ${type}.`,
    remedy: "Give each statistic a bigint within its range.",
  });
}
