// SPDX-License-Identifier: MIT
// A broken scheduler's life, and what has to hold after every fault.

import { release } from "node:os";
import { expect } from "vitest";
import { BpfObject, type ExitRecord, type LoadedObject, recentExits, type Scheduler } from "../../src/index.js";
import { shippedObject, testObject } from "../objects.js";
import { kernelState } from "./process.js";

const [major = 0, minor = 0] = release().split(".").map(Number);

/** Whether this is 7.2 or newer: those say on which CPU an exit was caused. */
export const from72 = major > 7 || (major === 7 && minor >= 2);

/** How a scheduler is to be started, and what is done to it then. */
export interface Fault {
  globals?: Record<string, bigint>;
  ops?: Record<string, number | bigint>;
  /** It calls no kfunc, so that libbpf 1.4 can't make room for a dump. */
  mayLackDump?: boolean;
  /** Between load and attach. */
  before?: () => void;
  /** While it runs, after attach. */
  during?: (loaded: LoadedObject, scheduler: Scheduler) => unknown;
  /** After it has left, while its maps are still there. */
  after?: (loaded: LoadedObject, exit: ExitRecord) => unknown;
}

/** Runs a scheduler of test/bpf, or one that we ship by its path, until it leaves by itself; checks what is true of every exit. */
export async function leave(object: string, fault: Fault = {}): Promise<ExitRecord> {
  const open = await BpfObject.open(object.includes("/") ? object : testObject(object));
  Object.assign(open.globals, fault.globals);
  Object.assign(open.ops, fault.ops);
  await using loaded = await open.load();
  fault.before?.();
  const began = BigInt(Date.now()) * 1_000_000n;
  const scheduler = await loaded.attach();
  await fault.during?.(loaded, scheduler);
  const exit = await scheduler.exited;
  await scheduler.detach();
  expect([scheduler.left, scheduler.state(), kernelState()]).toEqual([true, "disabled", "disabled"]);
  expect(exit).toMatchObject({ kernel: release(), ops: scheduler.name });
  expect(exit.uptime).toBeGreaterThan(0n);
  expect(exit.at).toBeGreaterThanOrEqual(began);
  expect(exit.at).toBeLessThanOrEqual(BigInt(Date.now()) * 1_000_000n);
  expect(recentExits().at(-1)).toBe(exit);
  // The kernel dumps for errors only, and says the same in the dump as in the record.
  if (exit.number >= 1024 && !(fault.mayLackDump && exit.dump === ""))
    expect(exit.parsed).toMatchObject({
      number: exit.number,
      reason: `${exit.reason} (${exit.message})`,
      trigger: { comm: expect.any(String), pid: expect.any(Number) },
    });
  else expect([exit.dump, exit.parsed]).toEqual(["", undefined]);
  await fault.after?.(loaded, exit);
  return exit;
}

/** A sound scheduler starts at once: nothing is left of the one before. */
export async function startsAtOnce(): Promise<void> {
  await using loaded = await (await BpfObject.open(shippedObject("simple"))).load();
  const scheduler = await loaded.attach();
  expect([kernelState(), scheduler.left]).toEqual(["enabled", false]);
  await scheduler.detach();
  expect(kernelState()).toBe("disabled");
}
