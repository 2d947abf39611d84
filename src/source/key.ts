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
 * Keys of integers are integers; enums have names; of structs the members are joined by commas; those without a type are bytes
 * in hex.
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

const textOf = (value: BtfValue): string =>
  typeof value === "object" ? Object.values(value).map(textOf).join(",") : String(value);
