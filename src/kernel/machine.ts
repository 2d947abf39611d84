// SPDX-License-Identifier: MIT
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";
import { ScxError } from "../error.js";
import { readConfig } from "./config.js";
import { readTypes, type TypeFacts, vmlinuxBtf } from "./types.js";

/** What the checks look at: the contents of files as they stand, undefined for one that can't be read. */
export interface Machine {
  /** `uname -r`. */
  release: string;
  /** Whether there is /sys/kernel/sched_ext. */
  schedExt: boolean;
  /** /sys/kernel/sched_ext/root/ops: the running scheduler's name. */
  running?: string | undefined;
  /** The kernel's configuration, and where it was found. */
  config?: { path: string; text: string } | undefined;
  /** What the kernel's BTF says of sched_ext, or why it can't be read. */
  types: TypeFacts | { error: string };
  /** /proc/sys/net/core/bpf_jit_enable; only root may read it. */
  jit?: string | undefined;
  /** libbpf's version as the addon reports it, or why the addon can't be loaded. */
  libbpf: { version: string } | { error: string; remedy: string };
  /** /proc/self/status. */
  status?: string | undefined;
  /** /proc/self/uid_map. */
  uidMap?: string | undefined;
  /** /proc/self/limits. */
  limits?: string | undefined;
  /** /proc/sys/kernel/unprivileged_bpf_disabled. */
  unprivileged?: string | undefined;
  /** /sys/devices/system/cpu/possible and online. */
  possible?: string | undefined;
  online?: string | undefined;
  /** The folder of the statistics socket; `nearest` is the one of its parents, or itself, that exists. */
  socket: { folder: string; nearest: string; writable: boolean };
}

/** Where upstream's tools look for the statistics socket, which is in a folder of its own (protocol/path.ts). */
const socketFolder = "/var/run/scx/root";

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The one place where the checks' files are read. Never throws. */
export async function readMachine(): Promise<Machine> {
  const kernel = release();
  return {
    release: kernel,
    schedExt: existsSync("/sys/kernel/sched_ext"),
    running: read("/sys/kernel/sched_ext/root/ops")?.trim(),
    config: readConfig(kernel),
    types: readTypeFacts(),
    jit: read("/proc/sys/net/core/bpf_jit_enable"),
    libbpf: await libbpf(),
    ...readPrivileges(),
    limits: read("/proc/self/limits"),
    possible: read("/sys/devices/system/cpu/possible"),
    online: read("/sys/devices/system/cpu/online"),
    socket: socket(),
  };
}

/** What this process may do, as checkCapabilities() judges it. */
export const readPrivileges = (): Pick<Machine, "status" | "uidMap" | "unprivileged"> => ({
  status: read("/proc/self/status"),
  uidMap: read("/proc/self/uid_map"),
  unprivileged: read("/proc/sys/kernel/unprivileged_bpf_disabled"),
});

/** By our own reader: it needs no addon, which may be what is broken. */
function readTypeFacts(): Machine["types"] {
  try {
    return readTypes(readFileSync(vmlinuxBtf));
  } catch (error) {
    return { error: error instanceof ScxError ? "it is damaged" : (error as Error).message };
  }
}

async function libbpf(): Promise<Machine["libbpf"]> {
  try {
    const { native } = await import("../native/index.js"); // only here, as it may throw
    return { version: native.libbpfVersion };
  } catch (error) {
    const known = error instanceof ScxError;
    const [line = ""] = (error as Error).message.split("\n");
    return { error: line, remedy: known ? error.remedy : "Run npm rebuild scxkit." };
  }
}

function socket(): Machine["socket"] {
  let nearest = socketFolder;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return { folder: socketFolder, nearest, writable: true };
  } catch {
    return { folder: socketFolder, nearest, writable: false };
  }
}
