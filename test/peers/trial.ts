// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** How one loader fared with one object. */
export interface Trial {
  /** The kernel scheduled by it, if only for a moment: enable_seq went up. */
  attached: boolean;
  /** root/ops while it ran; undefined when it left too soon to look. */
  ops?: string;
  /** What the loader said about the scheduler's exit: the kernel's reason, and the message. */
  exit?: { reason: string; message: string };
  /** How the loader ended: its status, or the signal. */
  end: string;
  /** Last lines of what it said on stderr. */
  stderr: string;
  /** Seconds until it was attached, or had ended. */
  seconds: number;
}

/** What differs between the two loaders. */
export interface Loader {
  command: readonly string[];
  /** Finds the exit in what it printed. */
  exit(stdout: string, stderr: string): Trial["exit"];
}

const root = "/sys/kernel/sched_ext";
const read = (name: string): string => {
  try {
    return readFileSync(`${root}/${name}`, "utf8").trim();
  } catch {
    return ""; // root/ops comes and goes
  }
};

const lookMs = 20;
/** Emulated, the verifier takes its time for an object with 50,000 instructions. */
const attachMs = 240_000;
const stopMs = 30_000;
const linesKept = 12;

/** The kernel's own scheduler is back. */
async function free(): Promise<void> {
  const deadline = Date.now() + stopMs;
  while (read("state") !== "disabled") {
    if (Date.now() > deadline) throw new Error(`sched_ext is still ${read("state")}`);
    await sleep(lookMs);
  }
}

/** Ends it with SIGINT, as its user would. */
async function stop(child: ChildProcess, closed: Promise<unknown>): Promise<void> {
  const quit = new AbortController();
  child.kill("SIGINT");
  await Promise.race([closed, sleep(stopMs, undefined, { signal: quit.signal }).catch(() => {})]);
  quit.abort();
  child.kill("SIGKILL");
}

/** Runs a loader, lets its scheduler schedule for `runMs`, interrupts it, and says how it went. */
export async function tryLoader(loader: Loader, runMs: number): Promise<Trial> {
  await free();
  const before = read("enable_seq");
  const [file = "", ...args] = loader.command;
  const started = performance.now();
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const closed = once(child, "close");
  let ended = false;
  void closed.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  let ops = "";
  let seconds = 0;
  let stopAt = started + attachMs;
  while (!ended && performance.now() < stopAt) {
    if (seconds === 0 && read("state") === "enabled" && read("enable_seq") !== before) {
      seconds = (performance.now() - started) / 1000;
      stopAt = performance.now() + runMs;
    }
    ops ||= read("root/ops");
    await sleep(lookMs);
  }
  seconds ||= (performance.now() - started) / 1000;
  if (!ended) await stop(child, closed);
  const [status, signal] = (await closed) as [number | null, string | null];
  const exit = loader.exit(stdout, stderr);
  return {
    attached: read("enable_seq") !== before,
    ...(ops && { ops }),
    ...(exit && { exit }),
    end: String(status ?? signal),
    stderr: stderr.trim().split("\n").slice(-linesKept).join("\n"),
    seconds,
  };
}

/** Upstream's UEI_REPORT(): `EXIT: reason (message) on CPU 1`. */
export function upstreamExit(stderr: string): Trial["exit"] {
  const line = stderr.match(/^EXIT: .*$/gm)?.at(-1);
  if (line === undefined) return undefined;
  const [, reason = "", message = ""] = /^EXIT: ([^(]*?)(?: \((.*)\))?(?: on CPU \d+)?$/.exec(line) ?? [];
  return { reason, message };
}

/** The exit line of `scxkit run --json`. */
export function scxkitExit(stdout: string): Trial["exit"] {
  const line = stdout.split("\n").findLast((one) => one.startsWith('{"exit":'));
  if (line === undefined) return undefined;
  const { reason, message } = (JSON.parse(line) as { exit: { reason: string; message: string } }).exit;
  return { reason, message };
}
