// SPDX-License-Identifier: MIT
import { createRequire } from "node:module";
import { causeOf, ScxError } from "../error.js";
import { packageFile } from "../package.js";

/** What libbpf knows of a map before it exists. Sizes in bytes; `type` is an `enum bpf_map_type`. */
export interface MapShape {
  name: string;
  type: number;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
}

/** The `call`, `errno` and `log` that every failure of the addon carries. */
export interface NativeError extends Error {
  call: string;
  errno: number;
  log: string[];
}

/** A map of an object, with the ids of its key's and value's BTF types (0 when it has none), and where it is to be pinned. */
export type ObjectMap = MapShape & {
  /** Whether load creates it; absent for a map that is found by its id. */
  autocreate?: boolean;
  keyTypeId: number;
  valueTypeId: number;
  typeName?: string;
  pinPath?: string;
};

/** A program of an object; `type` is an `enum bpf_prog_type`, its name is absent when libbpf is older than it. */
export interface ObjectProgram {
  name: string;
  section: string;
  type: number;
  typeName?: string;
  /** False for a section that begins with "?", and for what libbpf left out at load. */
  autoload: boolean;
}

/** What libbpf is told when it opens an object. */
export interface NativeOpenOptions {
  /** Folder for maps that are pinned by name, in a bpf file system; /sys/fs/bpf unless given. */
  pinRoot?: string | undefined;
  /** Lines as in the kernel's .config, which go before the kernel's own. */
  kconfig?: string | undefined;
}

export interface NativeObject {
  btf(): Uint8Array | undefined;
  maps(): ObjectMap[];
  programs(): ObjectProgram[];
  /** Undefined symbols of the ELF file, by the names that it has for them. */
  externs(): { name: string; weak: boolean }[];
  /** Index of the program that stands at that offset of a struct_ops map; before load only. */
  callback(map: number, offset: number): number | undefined;
  initialValue(map: number): Uint8Array | undefined;
  setInitialValue(map: number, offset: number, bytes: Uint8Array): void;
  setValueSize(map: number, bytes: number): void;
  setMaxEntries(map: number, entries: number): void;
  setAutoload(program: number, on: boolean): void;
  setAutocreate(map: number, on: boolean): void;
  load(): Promise<string[]>;
  map(index: number): NativeMap;
  program(index: number): NativeProgram;
  attach(map: number): Promise<NativeLink>;
  /** Rejects with EOPNOTSUPP and an empty log when its section names nothing to attach to. */
  attachProgram(program: number): Promise<NativeLink>;
  /** Throws EINVAL on kernels that can't. */
  associate(program: number, map: number): void;
  close(): void;
}

/** What the kernel knows of a map; ids of BTF types are those of the BTF of that id, 0 where there is none. */
export type MapInfo = ObjectMap & { id: number; btfId: number };

export interface NativeMap {
  info(): MapInfo;
  readMapped<T extends Uint8Array>(offset: number, into: T): T;
  writeMapped(offset: number, bytes: Uint8Array): void;
  /** The value of a section of global data, and its replacement. */
  readValue(): Uint8Array;
  writeValue(bytes: Uint8Array): void;
  /** An entry's value, undefined where there is none; of a per-CPU map those of all possible CPUs, each rounded up to 8 bytes. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /** `flags` is BPF_ANY (0), BPF_NOEXIST (1) or BPF_EXIST (2). */
  update(key: Uint8Array, value: Uint8Array, flags: number): void;
  /** Whether it was there. */
  remove(key: Uint8Array): boolean;
  /** The first key, or the one after; the first again after one that has gone. */
  nextKey(key?: Uint8Array): Uint8Array | undefined;
  /** Makes it as it was when created; fails with EOPNOTSUPP for a type that can't be. */
  clear(): Promise<void>;
  close(): void;
}

export interface NativeProgram {
  run(context: Uint8Array): number;
  close(): void;
}

export interface NativeLink {
  detach(): Promise<void>;
}

/** Which parts of each value count; arrays are of u32. */
export interface FoldOptions {
  /** Three numbers each: offset, size (1, 2, 4 or 8), and 1 when signed. Every u64 of the value, unless given. */
  leaves?: Uint32Array;
  /**
   * Indexes of the words that may go down. Others only grow: where they have less than 64 bits, they are followed over their wraps
   * (also of those of a hash, whose entries are all alike: indexes within one).
   */
  gauges?: Uint32Array;
}

export interface SnapshotOptions extends FoldOptions {
  /** Rows of a section of global data, one a CPU: `u64 stats[cpu][N]`. Bytes. */
  rows?: { offset: number; stride: number; count: number };
}

export interface NativeSnapshot {
  /** sums[entry * words + word], over all possible CPUs; {@link take} fills it. */
  readonly sums: BigUint64Array;
  /** Needs no `this`. */
  readonly take: () => void;
  /**
   * From now on each {@link take} also fills the returned array: [(group * entries + entry) * words + word]. Groups are those of each
   * possible CPU.
   */
  group(groups: Uint32Array): BigUint64Array;
  /** Whether the values are read where they are, in mapped memory. */
  readonly mapped: boolean;
  /**
   * After {@link take}: zeroes the words that `chosen` has a 1 for, one for each of `sums`, which then has what was counted in them
   * since they were zeroed last. What isn't mapped is written by whole values: all else in them goes back to what it was at `take`.
   */
  zero(chosen: Uint8Array): void;
}

/** A hash's snapshot: each key has a slot while it is there, and for one reading more. */
export interface NativeKeyedSnapshot {
  /** words[slot * words + word]: what only grows, over all keys that had the slot; a gauge's is what the map has. */
  readonly words: BigUint64Array;
  /** What `words` was when the slot's present key came. */
  readonly starts: BigUint64Array;
  /** The bytes of each slot's key. */
  readonly keys: Uint8Array;
  /** 0: free; 1: its key is there; 2: gone since the reading before. */
  readonly states: Uint8Array;
  /** Returns how many keys found no slot. Needs no `this`. */
  readonly take: () => number;
  /**
   * From now on each {@link take} also fills these: words[(slot * cpus + cpu) * words + word] and `starts` as above, over possible CPUs,
   * for as many slots as there is room for; `used` is one word, how many of them were ever in use.
   */
  byCpu(): Readonly<Record<"words" | "starts" | "used", BigUint64Array>>;
}

export interface NativeAccumulator {
  /** Needs no `this`. */
  readonly advance: () => void;
  rebase(): void;
}

export interface NativeKernelBtf {
  members(struct: string): string[] | undefined;
  enumerators(name: string): Record<string, bigint> | undefined;
  hasFunction(name: string): boolean;
}

export interface NativeUevents {
  close(): void;
}

export interface NativeClocks {
  /** Needs no `this`. */
  readonly read: () => void;
}

export interface NativeTicker {
  /** Idempotent; no call comes after it. */
  close(): void;
}

/** Who is at the other end of a UNIX socket, as of its connect() or listen() (SO_PEERCRED, SO_PEERGROUPS). */
export interface PeerCredentials {
  /** 0 where it is no process of our PID namespace. */
  readonly pid: number;
  /** Its effective user and group. */
  readonly uid: number;
  readonly gid: number;
  /** Its supplementary groups. */
  readonly groups: readonly number[];
}

/** What the kernel knows of a program. */
export interface KernelProgram {
  readonly name: string;
  /** An `enum bpf_prog_type`. */
  readonly type: number;
  /** Ids of the maps that it uses. */
  readonly maps: readonly number[];
  /** Of its BTF, which all programs of an object share; 0 where it has none. */
  readonly btfId: number;
  /** ns since it was loaded. */
  readonly age: bigint;
}

/** The addon: one class per noun of libbpf, no policy. */
export interface Addon {
  libbpfVersion: string;
  Object: {
    /** Resolves with the reason, as text, when the file is no object that libbpf may be given. */
    open(path: string, name: string, options: NativeOpenOptions): Promise<NativeObject | string>;
  };
  Snapshot: new (map: NativeMap, options?: SnapshotOptions) => NativeSnapshot;
  KeyedSnapshot: new (map: NativeMap, options?: FoldOptions) => NativeKeyedSnapshot;
  /** `used` has one word: how many words of the source may not be 0, which only grows; all unless given. */
  Accumulator: new (
    source: BigUint64Array,
    delta: BigUint64Array,
    total: BigUint64Array,
    used?: BigUint64Array,
  ) => NativeAccumulator;
  /** Its `read` writes the ns of CLOCK_MONOTONIC, which process.hrtime has, and those since 1970. */
  Clocks: new (
    times: BigUint64Array,
  ) => NativeClocks;
  KernelBtf: { load(): Promise<NativeKernelBtf> };
  /** A map by its id, for reading only, whoever loaded it; this and the next six are for CAP_SYS_ADMIN. */
  mapById(id: number): NativeMap;
  /** The id of the map that is pinned there, or of the struct_ops map whose link is. */
  pinnedMap(path: string): number;
  /** Ids of the maps whose struct_ops are attached. */
  structOpsLinks(): number[];
  /** Ids of all struct_ops maps, attached or not. */
  structOpsMaps(): number[];
  /** Ids of all programs. */
  programIds(): number[];
  programById(id: number): KernelProgram;
  /** The raw types of that id. */
  btfById(id: number): Uint8Array;
  /** All threads of this process, and whatever they start, never gain a privilege again. */
  setNoNewPrivs(): void;
  /** One datagram to a service manager's socket; "@" begins an abstract name. @throws with errno */
  notify(socket: string, message: string): void;
  /** sched_setscheduler(SCHED_FIFO) of one thread, by its id. */
  setFifo(thread: number, priority: number): void;
  /** Who is at the other end of a connected UNIX socket; on the connecting side that is who called listen(). */
  peerCredentials(fd: number): PeerCredentials;
  /** flock() for this one holder, until the descriptor is closed; false when another has it. */
  tryLock(fd: number): boolean;
  Uevents: new (prefix: string, callback: (fields: string[]) => void) => NativeUevents;
  /** Calls each interval of the monotonic clock with the ticks since the last call, and how many ms ago the last of them was due. */
  Ticker: new (
    intervalMs: number,
    callback: (ticks: number, lateMs: number) => void,
  ) => NativeTicker;
}

/** Below 1.4 libbpf can't set struct_ops fields before load. */
const libbpfFloor = [1, 4] as const;

const upgrade =
  "Upgrade libbpf to 1.4 or newer (on Debian 12: libbpf1 from bookworm-backports), then run npm rebuild scxkit.";

function remedyFor(text: string): string {
  if (/libbpf\.so\.\d+: cannot open/.test(text))
    return "Install libbpf 1.4 or newer: apt install libbpf1, dnf install libbpf, pacman -S libbpf, or apk add libbpf.";
  // Libraries name their symbols by the version that brought them: what is missing tells that libbpf is older than that.
  const [, major, minor] = /LIBBPF_(\d+)\.(\d+)/.exec(text)?.map(Number) ?? [];
  if (major !== undefined && minor !== undefined)
    return major < libbpfFloor[0] || (major === libbpfFloor[0] && minor <= libbpfFloor[1])
      ? upgrade
      : "The system's libbpf is older than the one scxkit was built with: upgrade it, or run npm rebuild scxkit.";
  if (/cannot open shared object file|Cannot find module/.test(text))
    return "Build it: run make build in a checkout, or npm rebuild scxkit in a project; the build says what it lacks.";
  return "Build it again for this machine: run make build in a checkout, or npm rebuild scxkit in a project.";
}

function loadAddon(): Addon {
  // SCXKIT_ADDON names another build of the same addon: the sanitizers' one.
  const path = process.env.SCXKIT_ADDON ?? packageFile("build/Release/scxkit.node");
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    const reason = causeOf(cause);
    throw new ScxError("ERR_SCX_ADDON", {
      op: "import",
      message: `The native addon can't be loaded: ${reason}`,
      remedy: remedyFor(reason),
      cause,
    });
  }
  const [major = 0, minor = 0] = addon.libbpfVersion.replace("v", "").split(".").map(Number);
  if (major < libbpfFloor[0] || (major === libbpfFloor[0] && minor < libbpfFloor[1]))
    throw new ScxError("ERR_SCX_ADDON", {
      op: "import",
      message: `The system's libbpf is ${addon.libbpfVersion}, but scxkit needs 1.4 or newer.`,
      remedy: upgrade,
    });
  return addon;
}

/** The one place that loads the .node file. */
export const native: Addon = loadAddon();
