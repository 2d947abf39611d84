// SPDX-License-Identifier: MIT
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { checkout, cli } from "../objects.js";

/** A scxkit command under way, or another program. */
export class Running {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  stderr = "";
  readonly #ended: Promise<unknown[]>;
  readonly #waiting = new Set<() => void>();

  constructor(file: string, args: readonly string[], options: object = {}) {
    this.child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    this.#ended = once(this.child, "close");
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
    this.child.stderr?.on("data", (chunk) => {
      this.stderr += chunk;
      this.#wake();
    });
    void this.#ended.then(() => this.#wake());
  }

  /** The first line of stdout, from number `from` on, that matches; fails when the process ends without it. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    for (;;) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (this.#hasEnded()) throw new Error(`ended without ${pattern}: ${this.lines.join("\n")}\n${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Resolves when stderr has had a line that matches; fails when the process ends without it. */
  async error(pattern: RegExp): Promise<void> {
    while (!this.stderr.split("\n").some((line) => pattern.test(line))) {
      if (this.#hasEnded()) throw new Error(`ended without ${pattern}: ${this.stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Its status, or the signal that ended it, when all output has come. */
  async end(): Promise<number | string> {
    const [status, signal] = await this.#ended;
    return (status as number | null) ?? (signal as string);
  }

  #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

/** Starts `scxkit ARGS…`. */
export const scxkit = (...args: string[]): Running => new Running(process.execPath, [cli, ...args]);

/**
 * The same with the user and the capabilities that setpriv is told. Through mounts of its own: the checkout and Node may be in a
 * home that such a user can't enter.
 */
export function scxkitAs(who: readonly string[], ...args: string[]): Running {
  const script = `mount -t tmpfs tmpfs /mnt && mkdir /mnt/checkout && touch /mnt/node &&
    mount --bind "$1" /mnt/checkout && mount --bind "$2" /mnt/node && shift 2 && exec setpriv "$@"`;
  const given = [
    checkout,
    process.execPath,
    ...who,
    "/mnt/node",
    join("/mnt/checkout", relative(checkout, cli)),
    ...args,
  ];
  return new Running("unshare", ["--mount", "sh", "-c", script, "sh", ...given]);
}

/** The same as a user without any privilege. */
export const unprivileged = (...args: string[]): Running =>
  scxkitAs(["--reuid=65534", "--regid=65534", "--clear-groups"], ...args);

/**
 * Keeps both CPUs' queues moving until disposed of, so that there is something to schedule. Few processes are started on the
 * way: in an emulated guest those cost more than all the rest of a test.
 */
export function load(): Disposable {
  // Nobody writes to their standard input: read waits for as long as it may, and fails at once when we have ended.
  const wake = "while read -t 0.02; [ $? -gt 128 ]; do :; done";
  const start = "while sleep 0.25; do :; done";
  const stdio = ["pipe", "ignore", "ignore"] as const;
  const children = [wake, wake, wake, start].map((script) => spawn("bash", ["-c", script], { stdio: [...stdio] }));
  return { [Symbol.dispose]: () => children.forEach((child) => void child.kill("SIGKILL")) };
}

/** sched_ext's state, from the kernel and nobody else. */
export const kernelState = (): string => readFileSync("/sys/kernel/sched_ext/state", "utf8").trim();

/** Resolves when the kernel has its own scheduler back; the kernel has no event for other processes to wait for. */
export async function kernelIsFree(): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (kernelState() !== "disabled") {
    if (Date.now() > deadline) throw new Error(`sched_ext is still ${kernelState()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Members of a PERCPU_ARRAY's one struct, summed over CPUs, as bpftool says; by the map's id or the path of its pin. */
export function bpftoolSums(map: number | string): Record<string, bigint> {
  const which = typeof map === "number" ? ["id", String(map)] : ["pinned", map];
  const text = execFileSync("bpftool", ["-j", "map", "dump", ...which], { encoding: "utf8" });
  const dump = JSON.parse(text) as { formatted: { values: { cpu: number; value: Record<string, number> }[] } }[];
  const sums: Record<string, bigint> = {};
  for (const { value } of dump[0]?.formatted.values ?? [])
    for (const [name, number] of Object.entries(value)) sums[name] = (sums[name] ?? 0n) + BigInt(number);
  return sums;
}
