// SPDX-License-Identifier: MIT
// `make vm CMD='…'`: boots the test kernel with this checkout shared and runs CMD in it as root. The guest sees the rest of this
// machine's files read-only (what it writes there stays with it). Ends with the command's own status; 124 at the
// deadline; 70 when the guest itself fails; 128+n when a signal ended it before the command did.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Accel, accelArgs, bootLimitMs, chooseAccel, rememberKvmFails } from "./accel.js";
import { cacheFolder } from "./cache.js";
import { follow } from "./follow.js";
import { crossing, guestScript } from "./guest.js";
import { findKernel } from "./kernel.js";
import { Machine } from "./machine.js";

export const checkout = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

export interface BootOptions {
  /** A shell command; runs by `sh -c` from the root of the checkout. */
  command: string;
  /** Path of a vmlinuz. */
  kernel: string;
  /** vng's --cpus, which is qemu's -smp. */
  cpus?: string;
  /** vng's --memory. */
  memory?: string;
  /** Seconds from now until it is killed. */
  timeout?: number;
  /** What each line that is printed begins with, where several machines run at once; Latin-1. */
  label?: string;
}

const STATUS_TIMEOUT = 124;
const STATUS_FAULT = 70;
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
/** A terminal and make may both pass on one Ctrl-C. */
const SAME_KEY_MS = 250;

const say = (text: string, label = "") => process.stderr.write(`${label}vm: ${text}\n`);

/** The stream, each line with the label before it. Bytes are never decoded. */
function labelled(stream: Writable, label: string | undefined): Writable {
  if (label === undefined) return stream;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      stream.write(Buffer.from(chunk.toString("latin1").replaceAll(/(?<=^|\n)(?!$)/g, label), "latin1"), done);
    },
  });
}

/** The host's environment as far as the guest should know it. */
function guestEnv(): Record<string, string> {
  const path = `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  // The guest's home is its own; where upstream's schedulers lie is the host's.
  const env: Record<string, string> = { PATH: path, HOME: "/run/home", SCXKIT_PEERS: join(cacheFolder, "peers") };
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && /^(CI|LANG|TERM|NO_COLOR|FORCE_COLOR|SCXKIT_\w+)$/.test(name)) env[name] = value;
  }
  return env;
}

/** A new private folder in the checkout, after sweeping out those whose owner was killed. */
function privateFolder(): string {
  const parent = join(checkout, "build", "vm");
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const owner = /^(\d+)-/.exec(name)?.[1];
    if (owner !== undefined && !existsSync(`/proc/${owner}`))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(parent, `${process.pid}-`));
}

/** Last lines of what the machine and the guest's kernel said. */
function lastWords(folder: string, label = ""): string {
  const lines = readFileSync(join(folder, crossing.log), "latin1")
    .replaceAll(/[^\n\t -~]/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  return lines
    .slice(-40)
    .map((line) => `${label}vm: | ${line}\n`)
    .join("");
}

type Ending = { kind: "status"; status: number } | { kind: "not up"; why: string } | { kind: "lost" };

/** Boots once, in `folder`. Resolves to how it ended. */
async function bootOnce(options: BootOptions, accel: Accel, folder: string, deadline: number): Promise<Ending> {
  const file = (name: string) => join(folder, name);
  writeFileSync(
    file(crossing.script),
    guestScript({ folder, cwd: checkout, command: options.command, env: guestEnv() }),
  );
  for (const name of [crossing.stdout, crossing.stderr]) writeFileSync(file(name), "");
  const command = [
    "vng",
    `--run=${options.kernel}`,
    "--force-9p",
    "--disable-microvm",
    `--rwdir=${checkout}=${checkout}`,
    `--cpus=${options.cpus ?? "2"}`,
    `--memory=${options.memory ?? "2G"}`,
    // Verbose, so that the guest's console comes out of vng at all; the kernel's warnings and worse of it.
    "--verbose",
    "--append=loglevel=5",
    ...accelArgs[accel],
    `--exec=sh ${join(folder, crossing.script)}`,
  ];
  const machine = new Machine(command, folder, crossing.log);

  let ending: Ending | undefined;
  const isUp = () => existsSync(file(crossing.up));
  const finished = () => ending !== undefined;
  const copies = Promise.all([
    follow(file(crossing.stdout), labelled(process.stdout, options.label), finished),
    follow(file(crossing.stderr), labelled(process.stderr, options.label), finished),
  ]).catch((error: NodeJS.ErrnoException) => {
    // Whoever read our output has gone (`make vm … | head`).
    ending = { kind: "status", status: error.code === "EPIPE" ? 141 : STATUS_FAULT };
  });

  let lastKey = 0;
  let forwarded = false;
  const onSignal = (name: NodeJS.Signals) => {
    const again = Date.now() - lastKey < SAME_KEY_MS;
    lastKey = Date.now();
    if (again) return;
    if (!isUp() || forwarded) {
      ending ??= { kind: "status", status: 128 + SIGNALS[name as keyof typeof SIGNALS] };
      return;
    }
    forwarded = true;
    say(`${name} passed on to the command; once more kills the VM`, options.label);
    machine.send(name.slice(3));
  };
  for (const name of Object.keys(SIGNALS)) process.on(name, onSignal);

  const upBy = Date.now() + bootLimitMs[accel];
  while (ending === undefined) {
    // Asked before the files are looked at: what a machine wrote before it ended is there by then.
    const { running } = machine;
    if (existsSync(file(crossing.status))) {
      ending = { kind: "status", status: Number.parseInt(readFileSync(file(crossing.status), "utf8"), 10) };
    } else if (!running) {
      ending = isUp() ? { kind: "lost" } : { kind: "not up", why: "the machine ended while it booted" };
    } else if (Date.now() >= deadline) {
      const early = isUp() ? "" : " (the guest was not up yet)";
      say(`killed at the deadline, ${options.timeout} s after the start${early}`, options.label);
      ending = { kind: "status", status: STATUS_TIMEOUT };
    } else if (!isUp() && Date.now() >= upBy) {
      ending = { kind: "not up", why: `the guest was not up after ${bootLimitMs[accel] / 1000} s` };
    } else {
      await Promise.race([sleep(100), machine.ended]);
    }
  }
  await machine.stop();
  await copies;
  for (const name of Object.keys(SIGNALS)) process.off(name, onSignal);
  return ending;
}

/** Boots, runs the command, streams its output to ours, and resolves to the exit status. */
export async function boot(options: BootOptions): Promise<number> {
  // vng hands these to a shell and to qemu, both of which would take them apart.
  for (const path of [checkout, options.kernel]) {
    if (!/^[\w+/.-]+$/.test(path)) {
      say(`virtme-ng can't take a path with anything but letters, digits and _ + . - / in it: ${path}`, options.label);
      return STATUS_FAULT;
    }
  }
  const setup = spawnSync("sh", [join(checkout, "native", "packages.sh"), "vm"], { stdio: ["ignore", 2, 2] });
  if (setup.status !== 0) return STATUS_FAULT;
  const timeout = options.timeout ?? 600;
  const deadline = Date.now() + timeout * 1000;
  let { accel, why, forced } = chooseAccel();
  for (;;) {
    const kernel = options.kernel.split("/").pop();
    say(`booting ${kernel} ${accel === "kvm" ? "with KVM" : "emulated"} (${why})`, options.label);
    const folder = privateFolder();
    try {
      const ending = await bootOnce({ ...options, timeout }, accel, folder, deadline);
      if (ending.kind === "status") return ending.status;
      process.stderr.write(lastWords(folder, options.label));
      if (ending.kind === "lost") {
        const guess = "a kernel panic, or the command powered it off";
        say(`the guest ended without the command's status (${guess})`, options.label);
        return STATUS_FAULT;
      }
      if (accel === "kvm" && !forced) {
        rememberKvmFails(ending.why);
        [accel, why] = ["tcg", `KVM failed: ${ending.why}`];
        continue;
      }
      say(`${ending.why}; above is the last it said`, options.label);
      return STATUS_FAULT;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { CMD, KERNEL, TIMEOUT, CPUS, MEMORY } = process.env;
  const command = process.argv[2] ?? CMD;
  const timeout = Number(TIMEOUT || 600);
  if (!command || !(timeout > 0)) {
    say("usage: make vm CMD='command' [KERNEL=version|path] [TIMEOUT=seconds] [CPUS=2] [MEMORY=2G] [ACCEL=kvm|tcg]");
    process.exitCode = 64;
  } else {
    try {
      const kernel = findKernel(KERNEL);
      process.exitCode = await boot({
        command,
        kernel,
        timeout,
        ...(CPUS ? { cpus: CPUS } : {}),
        ...(MEMORY ? { memory: MEMORY } : {}),
      });
    } catch (error) {
      say((error as Error).message);
      process.exitCode = STATUS_FAULT;
    }
  }
}
