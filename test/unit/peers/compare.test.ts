// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { report, worse } from "../../peers/compare.js";
import type { Pair } from "../../peers/guest.js";
import { scxkitExit, type Trial, upstreamExit } from "../../peers/trial.js";

const good: Trial = {
  attached: true,
  ops: "qmap",
  exit: { reason: "unregistered from user space", message: "" },
  end: "0",
  stderr: "",
  seconds: 1,
};
const refused: Trial = { attached: false, end: "65", stderr: "scxkit: no. [ERR_SCX_LOAD]\n  Try.", seconds: 1 };
const stalled = (message: string): Trial => ({
  ...good,
  end: "3",
  exit: { reason: "runnable task stall", message },
});
const pair = (scxkit: Trial, loader?: Trial): Pair => ({
  kernel: "6.18.15",
  object: "6.18.15/scx_qmap",
  scxkit,
  ...(loader && { loader }),
});

describe("scxkit against an object's own loader", () => {
  it("is as good when both say the same, or both fail", () => {
    expect(worse(pair(good, good))).toBeUndefined();
    expect(worse(pair(refused, refused))).toBeUndefined();
    expect(worse(pair(good, refused))).toBeUndefined();
    const [ours, theirs] = [stalled("sh[12] failed to run for 2.01s"), stalled("sleep[345] failed to run for 2.34s")];
    expect(worse(pair(ours, theirs))).toBeUndefined();
  });

  it("is worse when it can't attach, tells another exit, or breaks down", () => {
    expect(worse(pair(refused, good))).toMatch(/does not attach: scxkit: no/);
    expect(worse(pair({ ...good, exit: { reason: "disabled", message: "" } }, good))).toMatch(/its exit is disabled/);
    expect(worse(pair({ ...good, ops: "simple" }, good))).toMatch(/ops are simple, not qmap/);
    const { exit: _, ...silent } = good;
    expect(worse(pair(silent, good))).toMatch(/says nothing/);
    expect(worse(pair({ ...refused, end: "SIGSEGV" }))).toMatch(/SIGSEGV/);
    expect(worse(pair({ ...refused, end: "70" }))).toMatch(/ended with 70/);
  });

  it("is shown by object and kernel, with counts", () => {
    const text = report([pair(refused, good)]);
    expect(text).toMatch(/^6.18.15\/scx_qmap +ran \/ not loaded WORSE$/m);
    expect(text).toMatch(/^worse: 6.18.15\/scx_qmap on 6.18.15: it does not attach/m);
    expect(text).toMatch(/of 1 objects .*, 1 attached, 1 told their exit; with scxkit 0 attached, 0 told their exit/);
  });
});

describe("an exit", () => {
  it("is found in what upstream's macro prints", () => {
    const message = "scx_qmap.bpf.c:778: task_ctx slab (4) exhausted";
    expect(upstreamExit(`x\nEXIT: scx_bpf_error (${message}) on CPU 1\n`)).toEqual({
      reason: "scx_bpf_error",
      message,
    });
    expect(upstreamExit("EXIT: unregistered from user space\n")).toEqual(good.exit);
    expect(upstreamExit("libbpf: no\n")).toBeUndefined();
  });

  it("is found in scxkit's JSON lines", () => {
    expect(scxkitExit('{"at":1}\n{"exit":{"kind":"done","reason":"a","message":"b"}}\n')).toEqual({
      reason: "a",
      message: "b",
    });
    expect(scxkitExit('{"at":1}\n')).toBeUndefined();
  });
});
