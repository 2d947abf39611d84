// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { Btf } from "../bpf/btf.js";
import { MapView, type ReadableMap } from "../bpf/map.js";
import { ScxError } from "../error.js";
import { requireSchedExt, schedExt } from "../kernel/sched_ext.js";
import { watchSchedExt } from "../kernel/watch.js";
import { type MapInfo, type NativeError, type NativeMap, native } from "../native/index.js";
import { numbered } from "../numbered.js";
import { programsBeside } from "./beside.js";
import { chooseRoot, chooseRunning } from "./choice.js";
import { isCalledStats } from "./find.js";
import { ambiguousName, keptOfName, nameOfMap } from "./full_name.js";
import type { Ops } from "./ops.js";
import { bindStats, planStats } from "./plan.js";
import { type Registered, registeredSchedulers } from "./registered.js";
import { LoadedStats, type StatsParts, type StatsSource } from "./stats.js";
import type { StatsMap } from "./stats_map.js";
import { unlessGone } from "./unless_gone.js";

/** A scheduler that runs, whoever loaded it; read-only. */
export interface RunningScheduler extends Disposable {
  /** ops.name. */
  readonly name: string;
  /** Id of its struct_ops map, as `bpftool struct_ops` shows. */
  readonly id: number;
  /** Its callbacks, by the names of the programs behind them. */
  readonly callbacks: Readonly<Record<string, string>>;
  /**
   * The maps that its object's programs use, to be read by their types; by their names, which the kernel cuts at 15 characters where its BTF
   * doesn't tell the rest. Of two with one name, one has a `_2`.
   */
  readonly maps: Readonly<Record<string, ReadableMap>>;
  /** What it counts, found by BTF, for a {@link Sampler}; ends when it leaves. */
  readonly stats: StatsSource;
  /** Stops looking at it. */
  close(): void;
}

export interface RunningOptions {
  /** Where its statistics are and what they mean, for a scheduler that doesn't tell. */
  statsMap?: StatsMap | undefined;
}

const failed = (what: string, cause: unknown): ScxError => {
  const { errno, message } = cause as NativeError;
  const denied = errno === constants.errno.EPERM || errno === constants.errno.EACCES;
  return new ScxError(denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_MAP_READ", {
    op: "read",
    message: `${what}: ${message}.`,
    remedy: denied ? "Run it as root: to read what others loaded takes CAP_SYS_ADMIN." : "Report it with this text.",
    errno,
    cause,
  });
};

/**
 * The schedulers that run now, whoever loaded them: the one of the whole machine, and from 7.1 on those that it has below it. Needs
 * CAP_SYS_ADMIN. From 7.0 on (and in stable kernels since) the kernel enables one in a thread of its own: its state is `enabled`, and
 * counted, a moment before its loader has the link by which it is found here. So none may be found then; look again.
 * @throws ScxError ERR_SCX_NO_SCHED_EXT, ERR_SCX_PRIVILEGE, ERR_SCX_MAP_READ
 */
export function runningSchedulers(options: RunningOptions = {}): RunningScheduler[] {
  requireSchedExt("read");
  const found: RunningScheduler[] = [];
  try {
    const { enableSeq, registered } = look();
    for (const { id, ops } of registered) {
      const one = unlessGone(() => new Running(id, ops, enableSeq, options.statsMap));
      if (one) found.push(one);
    }
    return found;
  } catch (cause) {
    for (const one of found) one.close();
    if (cause instanceof ScxError) throw cause;
    throw failed("The attached schedulers can't be listed", cause);
  }
}

/** Those that run, and the number that sched_ext had counted up to by then: when it goes on, another one has followed. */
function look(): { enableSeq: bigint; registered: Registered[] } {
  for (let again = 3; ; again--) {
    const enableSeq = schedExt.enableSeq();
    const registered = registeredSchedulers();
    if (again === 0 || schedExt.enableSeq() === enableSeq) return { enableSeq, registered };
  }
}

/** The map that a pin is of. */
function pinnedMap(path: string): number {
  try {
    return native.pinnedMap(path);
  } catch (cause) {
    const { errno } = cause as NativeError;
    const { ENOENT, ENOTDIR, EPERM } = constants.errno;
    if (errno === EPERM) throw failed(`The pin ${path} can't be opened`, cause);
    const missing = errno === ENOENT || errno === ENOTDIR;
    throw new ScxError(missing ? "ERR_SCX_FILE_NOT_FOUND" : "ERR_SCX_USAGE", {
      op: "read",
      message: missing ? `${path}: no such file.` : `${path} is no pin of a map or of a scheduler's link.`,
      remedy: "Give a scheduler's name, the id of its struct_ops map, or the path of a pin of it (ls /sys/fs/bpf).",
      errno,
      cause,
    });
  }
}

/**
 * The running scheduler of that name; or whose struct_ops map has that id; or of which that map or link is pinned there, for a path
 * from the root on; the only one, when none is named. One that was enabled just now may not be found yet ({@link runningSchedulers}).
 * @throws ScxError ERR_SCX_NOT_RUNNING, ERR_SCX_USAGE where several may be meant, ERR_SCX_FILE_NOT_FOUND and ERR_SCX_USAGE for a pin, and what {@link runningSchedulers} throws
 */
export function runningScheduler(which?: string | number, options: RunningOptions = {}): RunningScheduler {
  const pinned = typeof which === "string" && which.startsWith("/") ? pinnedMap(which) : undefined;
  return oneOf(options, (all) => chooseRunning(all, { which, pinned, running: schedExt.allRunning() }));
}

/**
 * The scheduler of the whole machine, whatever runs below it.
 * @throws ScxError ERR_SCX_NOT_RUNNING, and what {@link runningSchedulers} throws
 */
export const rootScheduler = (options: RunningOptions): RunningScheduler =>
  oneOf(options, (all) => chooseRoot(all, schedExt.allRunning()));

/** The others are closed. */
function oneOf(
  options: RunningOptions,
  choose: (all: readonly RunningScheduler[]) => RunningScheduler,
): RunningScheduler {
  const all = runningSchedulers(options);
  try {
    const chosen = choose(all);
    for (const one of all) if (one !== chosen) one.close();
    return chosen;
  } catch (error) {
    for (const one of all) one.close();
    throw error;
  }
}

class Running implements RunningScheduler {
  readonly name: string;
  readonly id: number;
  readonly callbacks: Readonly<Record<string, string>>;
  readonly maps: RunningScheduler["maps"];
  readonly stats: StatsSource;
  readonly #opened: NativeMap[] = [];
  readonly #infos: readonly MapInfo[];
  /** Of maps that may be statistics, by the names that nobody can tell more of. */
  readonly #ambiguous = new Map<string, ScxError>();
  /** Of the BTF that says what each of them is. */
  readonly #btfIds: readonly number[];
  readonly #btfs = new Map<number, Btf>();
  readonly #source: LoadedStats;
  readonly #enableSeq: bigint;
  readonly #watch: { close(): void };
  readonly #statsMap: StatsMap | undefined;
  #closed = false;

  /** @param enableSeq as of when it was found to run */
  constructor(id: number, { name, programs }: Ops, enableSeq: bigint, statsMap: StatsMap | undefined) {
    this.id = id;
    this.#enableSeq = enableSeq;
    this.#statsMap = statsMap;
    this.name = name;
    const callbacks: Record<string, string> = Object.create(null);
    const used = [...programs].map(([callback, id]) => {
      const program = native.programById(id);
      callbacks[callback] = program.name;
      return program;
    });
    const own = new Set(used.flatMap(({ maps }) => maps));
    // A map that was declared without types has no BTF of its own: that of the program that uses it then.
    const ids = new Map<number, number>();
    let age = 0n;
    for (const program of used) if (program.age > age) age = program.age;
    for (const { maps, btfId } of [...used, ...programsBeside(used)])
      for (const map of maps) if (!ids.get(map)) ids.set(map, btfId);
    this.callbacks = callbacks;
    try {
      for (const one of ids.keys()) {
        // What only a program beside it uses may go before it does.
        const map = own.has(one) ? native.mapById(one) : unlessGone(() => native.mapById(one));
        if (map) this.#opened.push(map);
      }
      const infos = this.#opened.map((map) => map.info());
      this.#btfIds = infos.map((info) => info.btfId || (ids.get(info.id) ?? 0));
      this.#infos = infos.map((info, i) => ({ ...info, name: this.#nameOf(info, this.#btfIds[i] ?? 0) }));
    } catch (error) {
      for (const map of this.#opened) map.close();
      throw error;
    }
    this.maps = this.#views();
    this.#source = new LoadedStats(name, () => this.#find());
    this.#source.beginLate(() => (this.#hasLeft() ? "disabled" : schedExt.state()), age);
    this.stats = this.#source;
    this.#watch = watchSchedExt(() => this.#hasLeft() && this.#end());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch.close();
    this.#source.close();
    for (const map of this.#opened) map.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hasLeft(): boolean {
    return schedExt.enableSeq() !== this.#enableSeq || schedExt.state() === "disabled";
  }

  /** Its maps stay readable: we hold them. */
  #end(): void {
    this.#watch.close();
    this.#source.end();
  }

  #nameOf(info: MapInfo, btf: number): string {
    if (btf === 0 || info.name.length < keptOfName) return info.name;
    const found = nameOfMap(this.#btfOf(btf), info);
    if (found.others.some(isCalledStats)) this.#ambiguous.set(found.name, ambiguousName(found));
    return found.name;
  }

  #views(): Record<string, ReadableMap> {
    const views: Record<string, ReadableMap> = Object.create(null);
    this.#infos.forEach(({ name }, i) => {
      const own = numbered(name, (one) => !(one in views));
      const id = this.#btfIds[i] ?? 0;
      views[own] = new MapView(
        own,
        () => (id > 0 ? this.#btfOf(id) : undefined),
        () => this.#opened[i] as NativeMap,
      );
    });
    return views;
  }

  #btfOf(id: number): Btf {
    const btf = this.#btfs.get(id) ?? new Btf(native.btfById(id));
    this.#btfs.set(id, btf);
    return btf;
  }

  /** The readers of each object that its maps are from. */
  #find(): StatsParts {
    const objects = [...new Set(this.#btfIds.filter((id) => id > 0))];
    const indexes = objects.map((id) => [...this.#infos.keys()].filter((i) => this.#btfIds[i] === id));
    const plan = planStats(
      objects.map((id, place) => ({
        btf: this.#btfOf(id),
        maps: (indexes[place] ?? []).map((i) => this.#infos[i] as MapInfo),
        programs: [],
      })),
      this.#statsMap,
    );
    const open = (place: number, map: number) => this.#opened[indexes[place]?.[map] as number] as NativeMap;
    // A statistics map means what it names, and no other.
    const problems = [...(this.#statsMap ? [] : this.#ambiguous.values()), ...plan.problems];
    return { name: plan.name ?? this.name, ...bindStats({ ...plan, problems }, open) };
  }
}
