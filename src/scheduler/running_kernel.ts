// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { Btf } from "../bpf/btf.js";
import { paholeOf, readConfig } from "../kernel/config.js";
import { schedExt } from "../kernel/sched_ext.js";
import { declarationOf, findBrokenKfuncs, vmlinuxBtf } from "../kernel/types.js";
import type { TrapContext } from "./trap.js";

/** What the explanations of a failed load ask about the running kernel: read when asked for, which takes 0.1 s. */
export function runningKernel(maps: TrapContext["maps"]): TrapContext {
  let found: Btf | undefined | null = null;
  const btf = (): Btf | undefined => {
    if (found === null) found = readBtf();
    return found;
  };
  return {
    release: release(),
    schedExt: schedExt.exists(),
    maps,
    declaration: (name) => {
      const types = btf();
      return types && declarationOf(types, name);
    },
    isBroken: (name) => {
      const types = btf();
      return types !== undefined && findBrokenKfuncs(types).includes(name);
    },
    pahole: () => paholeOf(readConfig(release())?.text ?? ""),
  };
}

/** By our own reader, which gives parameters too. An explanation must not fail for want of it. */
function readBtf(): Btf | undefined {
  try {
    return new Btf(readFileSync(vmlinuxBtf));
  } catch {
    return undefined;
  }
}
