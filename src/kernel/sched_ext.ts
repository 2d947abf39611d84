// SPDX-License-Identifier: MIT
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { basename } from "node:path";
import { ScxError } from "../error.js";
import { type NativeKernelBtf, native } from "../native/index.js";

const root = "/sys/kernel/sched_ext";

/** sched_ext's own state, as its sysfs file says (kernel/sched/ext.c, scx_enable_state_str). */
export type SchedExtState = "enabling" | "enabled" | "disabling" | "disabled";

function read(file: string): string | undefined {
  try {
    return readFileSync(`${root}/${file}`, "utf8").trim();
  } catch {
    return undefined; // root/* is there only while a scheduler runs
  }
}

/** The files called so that are there while a scheduler runs: the root one's, and from 7.1 on those of schedulers below it (`sub/sub-N/`). */
function filesOf(name: string): string[] {
  try {
    const files = readdirSync(`${root}/root`, { recursive: true, encoding: "utf8" });
    return files.filter((file) => basename(file) === name).sort((a, b) => a.length - b.length);
  } catch {
    return [name]; // one below it went in between, and that ends the whole walk; or none runs
  }
}

/** The state is asked for with each sample, and to open its file would be most of what that costs: it stays open. */
let stateFile: number | undefined;
const stateText = Buffer.alloc(32); // the longest is "disabling"

function readState(): string | undefined {
  try {
    stateFile ??= openSync(`${root}/state`, "r");
    return stateText.toString("latin1", 0, readSync(stateFile, stateText, 0, stateText.length, 0)).trim();
  } catch {
    return undefined;
  }
}

/** What sched_ext counted for one scheduler, and which that is: no other has the number, before or after it. */
export interface SchedulerEvents {
  /** Undefined while none runs. */
  readonly scheduler: bigint | undefined;
  /** By the kernel's names (SCX_EV_…); other kernels have other names. */
  readonly events: Record<string, bigint>;
}

/**
 * Each scheduler has a folder of its own with these, and sysfs never gives one's inode to another: the open file says whose counts
 * they are. enable_seq doesn't: it goes up when a scheduler has counted for a while (6.18: its whole enabling, 0.1 s emulated).
 */
function readEvents(): SchedulerEvents {
  const events: Record<string, bigint> = Object.create(null);
  let file: number | undefined;
  try {
    file = openSync(`${root}/root/events`, "r");
    const { ino } = fstatSync(file, { bigint: true });
    for (const [, name, count] of readFileSync(file, "utf8").matchAll(/^(\w+)\s+(\d+)$/gm))
      if (name && count) events[name] = BigInt(count);
    return { scheduler: ino, events };
  } catch {
    return { scheduler: undefined, events };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Its files that hold one number. */
type NumberFile = "enable_seq" | "hotplug_seq" | "nr_rejected" | "switch_all";

const readNumber = (file: NumberFile): bigint => schedExt.number(file) ?? 0n;

/** What the running kernel says of sched_ext, read afresh at each call. World-readable. */
export const schedExt = {
  /** Whether this kernel has sched_ext at all. */
  exists: (): boolean => existsSync(root),
  state: (): SchedExtState => (readState() ?? "disabled") as SchedExtState,
  /** Name of the scheduler that runs (its ops.name), or undefined. */
  running: (): string | undefined => read("root/ops"),
  /** Names of all that run, the root one first: from 7.1 on a scheduler may have others below it, each for a part of the tasks. */
  allRunning: (): string[] => filesOf("ops").flatMap((file) => read(`root/${file}`) ?? []),
  /** What one of its files says; undefined where this kernel hasn't got it. */
  number: (file: NumberFile): bigint | undefined => {
    const text = read(file);
    return text === undefined ? undefined : BigInt(text);
  },
  /** Goes up with each scheduler that is enabled. */
  enableSeq: (): bigint => readNumber("enable_seq"),
  /** Goes up with each CPU that comes or goes. */
  hotplugSeq: (): bigint => readNumber("hotplug_seq"),
  /** Whether it schedules all tasks of the classes below it (1), or only those of SCHED_EXT (0). */
  switchAll: (): bigint => readNumber("switch_all"),
  /** How many tasks were refused by a scheduler and given to the kernel's own. */
  nrRejected: (): bigint => readNumber("nr_rejected"),
  /** What sched_ext itself counts while a scheduler runs, by name. */
  events: (): Record<string, bigint> => readEvents().events,
  /** The same, and for which scheduler. */
  schedulerEvents: readEvents,
};

/** Throws ERR_SCX_NO_SCHED_EXT on a kernel without sched_ext. */
export function requireSchedExt(op: string): void {
  if (schedExt.exists()) return;
  throw new ScxError("ERR_SCX_NO_SCHED_EXT", {
    op,
    message: `This kernel has no sched_ext: there is no ${root}.`,
    remedy: "Boot a kernel from 6.12 on with CONFIG_SCHED_CLASS_EXT=y, or try it in a VM: make vm CMD='…'.",
  });
}

/** Throws ERR_SCX_BUSY while another scheduler runs. */
export function requireFree(op: string, cause?: { errno: number }): void {
  const running = schedExt.running();
  if (running === undefined && !cause) return;
  throw new ScxError("ERR_SCX_BUSY", {
    op,
    message: `Another scheduler runs${running ? `: ${running}` : ", or is just leaving"}.`,
    remedy: "Stop it first: end its loader, or press SysRq-S.",
    errno: cause?.errno,
    cause,
  });
}

let loading: Promise<NativeKernelBtf> | undefined;

/** The running kernel's BTF, loaded once a process. Throws ERR_SCX_KERNEL_NO_BTF where the kernel has none. */
export async function kernelBtf(): Promise<NativeKernelBtf> {
  loading ??= native.KernelBtf.load();
  try {
    return await loading;
  } catch (cause) {
    loading = undefined;
    throw new ScxError("ERR_SCX_KERNEL_NO_BTF", {
      op: "load",
      message: "This kernel gives no BTF: /sys/kernel/btf/vmlinux can't be read.",
      remedy: "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y.",
      errno: (cause as { errno?: number }).errno,
      cause,
    });
  }
}

/** Whether the running kernel's BTF has a struct; no where it gives none. */
export const kernelHasStruct = async (name: string): Promise<boolean> =>
  (await kernelBtf().catch(() => undefined))?.members(name) !== undefined;
