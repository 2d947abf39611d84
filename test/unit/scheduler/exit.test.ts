// SPDX-License-Identifier: MIT
import { release } from "node:os";
import { describe, expect, it } from "vitest";
import { exitDocument, exitLines } from "../../../src/cli/exit_text.js";
import { exitRecord } from "../../../src/scheduler/exit.js";
import { decodeExitCode, exitCodeText } from "../../../src/scheduler/exit_code.js";

describe("an exit code", () => {
  it.each([
    [0n, 0, undefined, undefined, "0"],
    [42n, 42, undefined, undefined, "42"],
    [0x1000100000000n, 0, "hotplug", "restart", "0x1000100000000 (reason hotplug, action restart)"],
    [
      0x1000200000007n,
      7,
      "cgroup_offline",
      "restart",
      "0x1000200000007 (user 7, reason cgroup_offline, action restart)",
    ],
    [0x900000000n, 0, 9, undefined, "0x900000000 (reason 9)"],
    [-1n, 0xffffffff, 0xffff, 0xffff, "-1"],
  ])("%s", (code, user, reason, action, text) => {
    expect(decodeExitCode(code)).toEqual({ user, reason, action });
    expect(exitCodeText(code)).toBe(text);
  });
});

describe("an exit record", () => {
  const facts = { number: 66, code: 0x1000100000000n, reason: "unregistered from the main kernel", message: "cpu 1" };

  it("says what, where and after how long", () => {
    const exit = exitRecord({ ...facts, cpu: 3 }, "simple", 2_351_999_999n);
    expect(exit).toMatchObject({ kind: "unreg_kern", decoded: { reason: "hotplug", action: "restart" }, cpu: 3 });
    expect(exit).toMatchObject({
      ops: "simple",
      uptime: 2_351_999_999n,
      kernel: release(),
      dump: "",
      parsed: undefined,
    });
    const [first, second] = exitLines({ ...exit, at: 1763629200123_000_000n, kernel: "7.2.0" });
    expect(first).toBe("EXIT: unregistered from the main kernel (cpu 1)");
    expect(second).toBe(
      "  simple on Linux 7.2.0, at 2025-11-20T09:00:00.123Z, after 2.351 s, code 0x1000100000000 (reason hotplug, action restart), CPU 3",
    );
  });

  it("names the stalled task of a stall only, dump or no dump", () => {
    const message = "a [b] c[12] failed to run for 2.056s";
    expect(exitRecord({ ...facts, number: 1026, message }, "x", 0n).stalled).toEqual({
      comm: "a [b] c",
      pid: 12,
      waitedMs: 2056,
    });
    expect(exitRecord({ ...facts, number: 1025, message }, "x", 0n).stalled).toBeUndefined();
    const watchdog = "watchdog failed to check in for 2.004s";
    expect(exitRecord({ ...facts, number: 1026, message: watchdog }, "x", 0n).stalled).toBeUndefined();
  });

  it("is written whole", () => {
    const exit = exitRecord({ ...facts, dump: "one\n  two\n" }, "x", 0n);
    expect(exitDocument(exit)).toMatch(/^EXIT: .*\n {2}x on Linux .*\n\none\n {2}two\n$/);
    expect(exitDocument({ ...exit, dump: "" })).toMatch(/\n\nThe kernel dumped nothing\.\n$/);
    expect(exit.parsed?.text).toEqual(["one", "  two"]);
  });
});
