// SPDX-License-Identifier: MIT
import { stringify } from "lossless-json";
import { packageFile } from "../package.js";
import type { HistogramCounts, StatValue, StatValues } from "../stats/schema.js";
import { loadPeer } from "./peer.js";
import type { SinkRecord } from "./sink.js";

/** Where the messages are described, for whoever reads them. */
const protoFile = "src/sinks/scxkit.proto";

/**
 * Loads what turns a record into the bytes of a `scxkit.Record`.
 * @param sink whose it is, for the error
 * @throws ScxError ERR_SCX_PEER_MISSING
 */
export async function loadProtobuf(sink: string): Promise<(record: SinkRecord) => Buffer> {
  const { default: protobuf } = await loadPeer(sink, "protobufjs", () => import("protobufjs"));
  const type = protobuf.loadSync(packageFile(protoFile)).lookupType("scxkit.Record");
  return (record) => Buffer.from(type.encode(messageOf(record)).finish());
}

function messageOf(record: SinkRecord): object {
  const { labels } = record;
  if (record.type === "event") {
    const { name, at, scheduler, severity, message, fields } = record;
    return { labels, event: { name, at: bits(at), scheduler, severity, message, fields: stringify(fields) } };
  }
  const { at, interval, epoch, scheduler, state, stats } = record.sample;
  const header = { group: record.group, at: bits(at), interval: bits(interval), epoch, scheduler, state };
  return { labels, sample: { ...header, stats: valuesOf(stats) } };
}

/** The halves of a u64, as protobufjs takes them: the language's own bigint it doesn't know. */
const bits = (value: bigint) => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
});

const valuesOf = (values: Readonly<StatValues>): object =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, datumOf(value)]));

function datumOf(value: StatValue): object {
  if ("total" in value) return { counter: { total: bits(value.total), delta: bits(value.delta) } };
  if ("value" in value) return { gauge: gaugeOf(value.value) };
  if ("buckets" in value) return { histogram: { total: countsOf(value), delta: countsOf(value.delta) } };
  if ("items" in value) return { items: { values: value.items.map(datumOf) } };
  if ("entries" in value) return { entries: { values: valuesOf(value.entries) } };
  return { fields: { values: valuesOf(value.fields) } };
}

function gaugeOf(value: bigint | number | string): object {
  if (typeof value === "string") return { text: value };
  if (typeof value === "number") return { real: value };
  return value < 0n ? { negative: bits(value) } : { natural: bits(value) };
}

const countsOf = ({ count, sum, buckets }: HistogramCounts) => ({
  count: bits(count),
  sum: bits(sum),
  buckets: buckets.map(bits),
});
