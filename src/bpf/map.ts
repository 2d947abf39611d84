// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { possibleCpus } from "../kernel/cpus.js";
import type { MapInfo, NativeError, NativeMap } from "../native/index.js";
import type { Btf } from "./btf.js";
import type { Given } from "./object_types.js";
import { type BtfValue, decode, encode } from "./value.js";

/**
 * A map in the kernel, its keys and values by their BTF types. Of a per-CPU map a value is a list, with one for each CPU that
 * there can be.
 */
export interface ReadableMap<K = BtfValue, V = BtfValue> extends Iterable<[K, V]> {
  readonly name: string;
  /** The kernel's id of it, as `bpftool map` shows. */
  readonly id: number;
  /** `hash`, `percpu_array`…, by the kernel's names. */
  readonly type: string;
  /**
   * The value of a key; undefined where there is none.
   * @throws ScxError ERR_SCX_VALUE for what is no key of it, ERR_SCX_NO_BTF where a type isn't known, ERR_SCX_USAGE for a map that
   * has no such entries (of maps, a queue, a ring buffer…), ERR_SCX_MAP_READ, ERR_SCX_CLOSED
   */
  get(key: Given<K>): V | undefined;
  /** All keys and values, read one by one: what is added or deleted meanwhile may be among them or not. Throws as get() does. */
  entries(): Generator<[K, V], void, void>;
}

/** The same, to be written as well. */
export interface WritableMap<K = BtfValue, V = BtfValue> extends ReadableMap<K, V> {
  /**
   * Sets the value of a key. Members that aren't named are zero.
   * @param how whether the key has to be a new one, or one that is there
   * @throws ScxError ERR_SCX_MAP_WRITE when the kernel refuses (EEXIST and ENOENT for `how`, E2BIG for a map that is full), and what
   * get() throws
   */
  set(key: Given<K>, value: Given<V>, how?: "new" | "existing"): void;
  /** Deletes an entry. @returns whether it was there. Throws as set() does; of an array none can be deleted (ERR_SCX_USAGE). */
  delete(key: Given<K>): boolean;
}

const arrays = new Set(["array", "percpu_array"]);
const withEntries = new Set([...arrays, "hash", "lru_hash", "percpu_hash", "lru_percpu_hash", "lpm_trie"]);

const flags = { new: 1, existing: 2 } as const; // BPF_NOEXIST and BPF_EXIST of include/uapi/linux/bpf.h

/** What the kernel or the addon refused. */
function failed(
  code: "ERR_SCX_MAP_READ" | "ERR_SCX_MAP_WRITE",
  name: string,
  what: string,
  cause: NativeError,
): ScxError {
  const { errno, message } = cause;
  if (errno === undefined)
    return new ScxError("ERR_SCX_CLOSED", {
      op: "access",
      message: `Map ${name} can't be ${what}: ${message}.`,
      remedy: "Use it before what it belongs to is closed.",
      cause,
    });
  return new ScxError(code, {
    op: "access",
    message: `Map ${name} can't be ${what}: ${message}.`,
    remedy: "Look at its max_entries and its map_flags (BPF_F_RDONLY), and at whether the key is there.",
    errno,
    cause,
  });
}

/** A map for reading. @param open gives it, and may throw that it is closed; asked when it is first needed */
export class MapView implements ReadableMap {
  readonly name: string;
  readonly #btf: () => Btf | undefined;
  readonly #open: () => NativeMap;
  #info: MapInfo | undefined;

  constructor(name: string, btf: () => Btf | undefined, open: () => NativeMap) {
    this.name = name;
    this.#btf = btf;
    this.#open = open;
  }

  get id(): number {
    return this.info.id;
  }

  get type(): string {
    return this.info.typeName ?? `type ${this.info.type}`;
  }

  get(key: unknown): BtfValue | undefined {
    const { btf, map } = this.entriesOf();
    const value = this.tried("ERR_SCX_MAP_READ", "read", () => map.lookup(this.keyBytes(btf, key)));
    return value && this.#valueOf(btf, value);
  }

  *entries(): Generator<[BtfValue, BtfValue], void, void> {
    const { btf, map } = this.entriesOf();
    for (const key of this.#keys(map)) {
      const value = this.tried("ERR_SCX_MAP_READ", "read", () => map.lookup(key));
      if (value) yield [this.#decoded(btf, this.info.keyTypeId, key), this.#valueOf(btf, value)];
    }
  }

  [Symbol.iterator](): Generator<[BtfValue, BtfValue], void, void> {
    return this.entries();
  }

  protected get info(): MapInfo {
    this.#info ??= this.#open().info();
    return this.#info;
  }

  /** The map, if it has entries that can be told by their types. */
  protected entriesOf(): { btf: Btf; map: NativeMap } {
    const map = this.#open();
    const btf = this.#btf();
    const { typeName = "", keyTypeId, valueTypeId } = this.info;
    const isSection = btf !== undefined && valueTypeId > 0 && btf.resolve(valueTypeId).kind === "datasec";
    if (!withEntries.has(typeName) || isSection)
      throw new ScxError("ERR_SCX_USAGE", {
        op: "access",
        message: isSection
          ? `Map ${this.name} is a section of global data.`
          : `Map ${this.name} is of type ${this.type}, whose entries can't be read and set by key.`,
        remedy: isSection ? "Its variables are in globals." : "That is for arrays, hashes and tries of values.",
      });
    if (!btf || keyTypeId === 0 || valueTypeId === 0)
      throw new ScxError("ERR_SCX_NO_BTF", {
        op: "access",
        message: `Map ${this.name} carries no BTF types of its keys and values.`,
        remedy: "Declare it with __type(key, …) and __type(value, …).",
      });
    return { btf, map };
  }

  /** Calls the addon. */
  protected tried<T>(code: "ERR_SCX_MAP_READ" | "ERR_SCX_MAP_WRITE", what: string, call: () => T): T {
    try {
      return call();
    } catch (cause) {
      throw cause instanceof ScxError ? cause : failed(code, this.name, what, cause as NativeError);
    }
  }

  protected keyBytes(btf: Btf, key: unknown): Uint8Array {
    return encoded(btf, this.info.keyTypeId, key, this.info.keySize, `${this.name}'s key`);
  }

  protected get isPerCpu(): boolean {
    return this.type.includes("percpu");
  }

  /** Bytes from one CPU's value to the next's. */
  protected get stride(): number {
    return Math.ceil(this.info.valueSize / 8) * 8;
  }

  #valueOf(btf: Btf, value: Uint8Array): BtfValue {
    const { valueTypeId, valueSize } = this.info;
    if (!this.isPerCpu) return this.#decoded(btf, valueTypeId, value);
    const { stride } = this;
    return Array.from({ length: value.length / stride }, (_, cpu) =>
      this.#decoded(btf, valueTypeId, value.subarray(cpu * stride, cpu * stride + valueSize)),
    );
  }

  #decoded(btf: Btf, type: number, bytes: Uint8Array): BtfValue {
    if (btf.sizeOf(type) > bytes.length)
      throw new ScxError("ERR_SCX_STATS_META", {
        op: "access",
        message: `Map ${this.name} has ${bytes.length} bytes where its type ${btf.describe(type)} says ${btf.sizeOf(type)}.`,
        remedy: "Declare it with __type(), or build the object again.",
      });
    return decode(btf, type, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  /** Each key once, though one that goes in between has the kernel begin again. */
  *#keys(map: NativeMap): Generator<Uint8Array, void, void> {
    const seen = new Set<string>();
    let key: Uint8Array | undefined;
    for (let left = 2 * this.info.maxEntries + 1; left > 0; left--) {
      key = this.tried("ERR_SCX_MAP_READ", "read", () => map.nextKey(key));
      if (!key) return;
      const text = Buffer.from(key).toString("latin1");
      if (!seen.has(text)) yield key;
      seen.add(text);
    }
  }
}

/** A map of ours. */
export class OwnMap extends MapView implements WritableMap {
  set(key: unknown, value: unknown, how?: "new" | "existing"): void {
    const { btf, map } = this.entriesOf();
    const bytes = this.#valueBytes(btf, value);
    this.tried("ERR_SCX_MAP_WRITE", "written", () => map.update(this.keyBytes(btf, key), bytes, how ? flags[how] : 0));
  }

  delete(key: unknown): boolean {
    const { btf, map } = this.entriesOf();
    if (arrays.has(this.type))
      throw new ScxError("ERR_SCX_USAGE", {
        op: "access",
        message: `Map ${this.name} is an array, of which no entry can be deleted.`,
        remedy: "Set it to zero.",
      });
    return this.tried("ERR_SCX_MAP_WRITE", "written", () => map.remove(this.keyBytes(btf, key)));
  }

  #valueBytes(btf: Btf, value: unknown): Uint8Array {
    const { valueTypeId, valueSize } = this.info;
    if (!this.isPerCpu) return encoded(btf, valueTypeId, value, valueSize, this.name);
    const cpus = possibleCpus().length;
    if (!Array.isArray(value) || value.length !== cpus)
      throw new ScxError("ERR_SCX_VALUE", {
        op: "set",
        message: `${this.name} is kept per CPU, and is given ${Array.isArray(value) ? `${value.length} values` : "no list"}.`,
        remedy: `Give a list of ${cpus} values, one for each CPU that there can be.`,
      });
    const bytes = new Uint8Array(cpus * this.stride);
    value.forEach((one, cpu) => {
      bytes.set(encoded(btf, valueTypeId, one, valueSize, `${this.name}[${cpu}]`), cpu * this.stride);
    });
    return bytes;
  }
}

function encoded(btf: Btf, type: number, value: unknown, size: number, where: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, btf.sizeOf(type)));
  encode(btf, type, value, new DataView(bytes.buffer), 0, where);
  return bytes.subarray(0, size);
}
