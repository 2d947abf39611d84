// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { type BtfValue, decode } from "../bpf/value.js";
import { ScxError } from "../error.js";
import type { ObjectMap } from "../native/index.js";
import type { KeyType } from "../stats/schema.js";

/** How a hash's keys become the keys of a dictionary. */
export interface KeyFormat {
  readonly type: KeyType;
  /** The text of a key's bytes. */
  text(bytes: Uint8Array): string;
}

/**
 * Keys of integers are integers; enums have names; of structs the members are joined by commas, `\\,` being one within a text; those
 * without a type are bytes in hex. Keys that differ in nothing of this, but in what is behind a text's end or between members,
 * have the same text: a dictionary has their sum.
 * @throws ScxError ERR_SCX_STATS_META for a type that has no values, or whose values are of another size
 */
export function keyFormat(btf: Btf, { name, keyTypeId, keySize }: ObjectMap): KeyFormat {
  if (keyTypeId === 0) return { type: "string", text: (bytes) => Buffer.from(bytes).toString("hex") };
  const text = (bytes: Uint8Array) =>
    textOf(decode(btf, keyTypeId, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  const size = btf.sizeOf(keyTypeId);
  if (size !== keySize)
    throw unfit(name, `keys of ${keySize} bytes, and their type ${btf.describe(keyTypeId)} has ${size}`);
  try {
    text(new Uint8Array(keySize));
  } catch (cause) {
    throw unfit(name, `keys of type ${btf.describe(keyTypeId)}, of which no name can be made`, cause);
  }
  const resolved = btf.resolve(keyTypeId);
  return { type: resolved.kind !== "int" || resolved.bool ? "string" : resolved.signed ? "i64" : "u64", text };
}

const unfit = (map: string, what: string, cause?: unknown) =>
  new ScxError("ERR_SCX_STATS_META", {
    op: "read",
    message: `Map ${map} has ${what}.`,
    remedy: "Give it keys of integers, enums, texts, or structs of these.",
    cause,
  });

function textOf(value: BtfValue): string {
  if (typeof value !== "object") return String(value);
  const parts = Object.values(value).map((part) => [typeof part, textOf(part)] as const);
  // A comma in a text is no join.
  return parts.length === 1
    ? (parts[0]?.[1] ?? "")
    : parts.map(([type, text]) => (type === "string" ? text.replace(/[\\,]/g, "\\$&") : text)).join(",");
}
