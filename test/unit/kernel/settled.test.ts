// SPDX-License-Identifier: MIT
import { constants } from "node:os";
import { expect, it } from "vitest";
import { settled, whenSettled } from "../../../src/kernel/settled.js";

/** States one after the other, the last one for ever. */
function states(...all: string[]): { state: () => string; asked: () => number } {
  let asked = 0;
  return { state: () => all[Math.min(asked++, all.length - 1)] ?? "", asked: () => asked };
}

const busy = Object.assign(new Error("bpf_map__attach_struct_ops: Device or resource busy"), {
  errno: constants.errno.EBUSY,
});

it.each(["enabled", "disabled"])("waits for nothing while sched_ext is %s", async (state) => {
  const seen = states(state);
  await settled(undefined, seen);
  expect(seen.asked()).toBe(1);
});

it("waits until a scheduler has come or gone", async () => {
  const seen = states("disabling", "disabling", "disabled");
  await settled(undefined, seen);
  expect(seen.asked()).toBe(3);
  await settled(undefined, states("enabling", "enabled"));
});

it("waits no longer than it was told, and not after an abort", async () => {
  const began = performance.now();
  await settled(undefined, { state: () => "disabling", timeoutMs: 120 });
  expect(performance.now() - began).toBeGreaterThanOrEqual(120);
  await settled(AbortSignal.abort(), { state: () => "enabling" });
  await settled(AbortSignal.timeout(20), { state: () => "enabling" });
});

it("attaches as soon as the last one has gone", async () => {
  let tries = 0;
  const attach = async () => {
    if (++tries < 3) throw busy;
    return "link";
  };
  expect(await whenSettled(attach, undefined, states("disabling", "disabled"))).toBe("link");
  expect(tries).toBe(3);
});

it("doesn't wait for a scheduler that stays, nor for another error", async () => {
  let tries = 0;
  const attach = async () => {
    tries++;
    throw busy;
  };
  await expect(whenSettled(attach, undefined, states("enabled"))).rejects.toBe(busy);
  expect(tries).toBe(1);
  const other = Object.assign(new Error("no"), { errno: constants.errno.EINVAL });
  await expect(whenSettled(() => Promise.reject(other), undefined, states("disabling"))).rejects.toBe(other);
  const waiting = whenSettled(attach, undefined, { state: () => "disabling", timeoutMs: 60 });
  await expect(waiting).rejects.toBe(busy);
  expect(tries).toBeGreaterThan(2);
});
