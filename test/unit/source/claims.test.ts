// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { requireFirst } from "../../../src/source/claims.js";

it("counters aren't reset in the kernel where CPUs' numbers have holes", () => {
  for (const whole of [[0], [0, 1, 2, 3]]) expect(() => requireFirst(whole)).not.toThrow();
  for (const [cpus, list] of [
    [[1], "1"],
    [[0, 1, 4, 5], "0-1,4-5"],
  ] as const)
    expect(() => requireFirst(cpus)).toThrow(
      expect.objectContaining({
        code: "ERR_SCX_RESET_UNSUPPORTED",
        message: expect.stringContaining(`on this machine, ${list}, have holes`),
      }),
    );
});
