// SPDX-License-Identifier: MIT
import type { Btf } from "../bpf/btf.js";
import { type BtfValue, decode } from "../bpf/value.js";
import type { KeyType } from "../stats/schema.js";

/** How a hash's keys become the keys of a dictionary. */
export interface KeyFormat {
  readonly type: KeyType;
  /** The text of a key's bytes. */
  text(bytes: Uint8Array): string;
}

/** Keys of integers are integers; enums have names; of structs the members are joined by commas; others are bytes in hex. */
export function keyFormat(btf: Btf, type: number): KeyFormat {
  if (type === 0) return { type: "string", text: (bytes) => Buffer.from(bytes).toString("hex") };
  const resolved = btf.resolve(type);
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    type: resolved.kind !== "int" || resolved.bool ? "string" : resolved.signed ? "i64" : "u64",
    text: (bytes) => textOf(decode(btf, type, view(bytes))),
  };
}

const textOf = (value: BtfValue): string =>
  typeof value === "object" ? Object.values(value).map(textOf).join(",") : String(value);
