// SPDX-License-Identifier: MIT
// KVM or emulation? /dev/kvm can exist and not work (QEMU aborts, or the guest never comes up), so a KVM that isn't
// known to fail is tried with the boot at hand, and a failure is remembered until this machine or its QEMU changes.

import { accessSync, constants, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.js";

export type Accel = "kvm" | "tcg";

const verdictFile = join(cacheFolder, "kvm-fails");

/** A guest under KVM is up in a few seconds; emulated, in about 25. */
export const bootLimitMs: Record<Accel, number> = { kvm: 40_000, tcg: 240_000 };

/** Arguments for vng. One emulated thread: with two, guests oopsed when CPUs came and went (QEMU 7.2, 10.0). */
export const accelArgs: Record<Accel, string[]> = {
  kvm: [],
  tcg: ["--disable-kvm", "--qemu-opts=-accel tcg,thread=single"],
};

// The machine as far as KVM goes: this boot of it, and this QEMU.
function machine(): string {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  for (const folder of (process.env.PATH ?? "").split(":")) {
    try {
      return `${bootId} ${statSync(join(folder, "qemu-system-x86_64")).mtimeMs}`;
    } catch {}
  }
  return bootId;
}

/** What to boot with, and why. `ACCEL=kvm|tcg` decides it by hand. */
export function chooseAccel(): { accel: Accel; why: string; forced: boolean } {
  const forced = process.env.ACCEL;
  if (forced === "kvm" || forced === "tcg") return { accel: forced, why: "ACCEL says so", forced: true };
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return { accel: "tcg", why: "/dev/kvm is missing or not ours to open", forced: false };
  }
  try {
    const [known, reason] = readFileSync(verdictFile, "utf8").split("\n");
    if (known === machine()) return { accel: "tcg", why: `KVM was tried and failed: ${reason}`, forced: false };
  } catch {}
  return { accel: "kvm", why: "/dev/kvm opens; if the guest does not come up, it is emulated", forced: false };
}

/** Remembers that KVM does not work here. */
export function rememberKvmFails(reason: string): void {
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(verdictFile, `${machine()}\n${reason.replaceAll("\n", " ")}\n`);
}
