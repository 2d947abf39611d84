// SPDX-License-Identifier: MIT
// One virtual machine: a process group of its own that never outlives us, whatever ends us.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export class Machine {
  readonly #leader: ChildProcess;
  readonly #guardian: ChildProcess;
  readonly #input: number;
  /** Settled when vng has ended; never rejects. */
  readonly ended: Promise<void>;
  #running = true;

  /**
   * Starts `command`. Its output goes to `log` in `folder`, its standard input is a pipe that `send` writes to. vng and qemu
   * open both again through /proc/self/fd: that rules out Node's own pipes, which are sockets, and files, which would be
   * cut off and written to from several offsets.
   */
  constructor(command: string[], folder: string, log: string) {
    const fifo = join(folder, "input");
    execFileSync("mkfifo", [fifo]);
    this.#input = openSync(fifo, "r+");
    const output = openSync(join(folder, log), "a");
    this.#leader = spawn("sh", ["-c", '"$@" 2>&1 | cat', "sh", ...command], {
      cwd: folder,
      env: { ...process.env, TMPDIR: folder },
      detached: true,
      stdio: [this.#input, output, output],
    });
    closeSync(output);
    this.ended = new Promise<void>((resolve) => {
      this.#leader.once("error", () => resolve());
      this.#leader.once("exit", () => resolve());
    }).then(() => {
      this.#running = false;
    });
    // The guardian's standard input ends when we do, even by SIGKILL; then it kills the group.
    this.#guardian = spawn(
      "sh",
      ["-c", 'read -r _; kill -s KILL -- -"$1"', "sh", String(this.#leader.pid ?? 0x7fffffff)],
      {
        cwd: "/",
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
  }

  get running(): boolean {
    return this.#running;
  }

  /** A line to the guest's script. */
  send(line: string): void {
    writeSync(this.#input, `${line}\n`);
  }

  /** Ends the machine: asks, so that vng tidies up, then kills. */
  async stop(): Promise<void> {
    this.#kill("SIGTERM");
    await Promise.race([this.ended, sleep(2000, undefined, { ref: false })]);
    this.#kill("SIGKILL");
    await Promise.race([this.ended, sleep(2000, undefined, { ref: false })]);
    this.#guardian.kill("SIGKILL");
    closeSync(this.#input);
  }

  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#leader;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {}
  }
}
