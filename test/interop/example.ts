// SPDX-License-Identifier: MIT
import { ScxError } from "../../src/error.js";
import type { Target } from "../../src/protocol/target.js";
import { clusterTarget } from "../unit/protocol/peer.js";

/** What can go wrong in writing a value: extremes, escapes, notations, order of keys. */
const extremes: Target = {
  open: () => ({
    read: () => ({
      u64: 2n ** 64n - 1n,
      i64: -(2n ** 63n),
      zero: 0n,
      floats: [0, -0, 1, 1e-5, 1e-6, 1e15, 1.5e-300, 5e-324, 0.1 + 0.2],
      text: '\0\b\t\n\f\r\u001f"\\/\u007f\u2028ä€😀',
      keys: new Map([
        ["3", 1n],
        ["10", 2n],
        ["😀", 3n],
        ["\uffee", 4n],
        ["", 5n],
        ["__proto__", 6n],
      ]),
      empty: [[], {}],
      yes: true,
    }),
  }),
};
const args: Target = { open: () => ({ read: (given) => given }) };
const denied: Target = {
  open: () => ({
    read: () => {
      throw new ScxError("ERR_SCX_PRIVILEGE", { op: "x", message: "no", remedy: "no", errno: 13 });
    },
  }),
};

/** The targets of src/example.rs, with the same values. */
export const exampleTargets: Record<string, Target> = { top: clusterTarget(), extremes, args, denied };
