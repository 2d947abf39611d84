// SPDX-License-Identifier: MIT
import { type Finding, ok, problem, warning } from "./finding.js";
import type { Machine } from "./machine.js";
import { wideConstants } from "./types.js";

type Types = Pick<Machine, "types">;

export function checkBtf({ types }: Types): Finding {
  const remedy = "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y and CONFIG_SCHED_CLASS_EXT=y.";
  if ("error" in types) return problem("btf", `/sys/kernel/btf/vmlinux can't be used: ${types.error}`, remedy);
  if (!types.ops) return problem("btf", "the kernel's BTF has no sched_ext_ops", remedy);
  // The same condition as upstream's loaders have, and ours (scheduler/prepare.ts).
  if (!types.ops.includes("dump"))
    return problem("btf", "the kernel's sched_ext_ops has no dump(): it is from before 6.12", remedy);
  return ok("btf", `sched_ext_ops is in it, with ${types.ops.length} members`);
}

/**
 * BTF of a pahole that doesn't know of 64-bit enums (before 1.24, or told to leave them out) says 8 bytes, and has the low 32
 * bits of each value: SCX_SLICE_INF is 4 seconds then.
 */
export function checkEnums({ types }: Types): Finding {
  if ("error" in types || !types.ops) return ok("enums", "nothing to look at without BTF of sched_ext");
  const all = Object.values(wideConstants).map((constant) => ({ ...constant, found: types.constants[constant.name] }));
  const wrong = all.filter(({ value, found }) => found !== undefined && found !== value);
  if (wrong.length > 0)
    return problem(
      "enums",
      `the kernel's BTF has wrong constants: ${wrong.map(({ name, found }) => `${name} is 0x${found?.toString(16)}`).join(", ")}`,
      wrong.every(({ value, found }) => found === BigInt.asUintN(32, value))
        ? "Its values were cut to 32 bits: build the kernel with pahole 1.24 or newer, without --skip_encoding_btf_enum64."
        : "Schedulers would run with them: build the kernel with a newer pahole, or look for a newer scxkit.",
    );
  const missing = all.filter(({ found }) => found === undefined);
  if (missing.length > 0)
    return warning(
      "enums",
      `the kernel's BTF lacks constants: ${missing.map(({ name }) => name).join(", ")}`,
      "Schedulers that use them get 0: look for a newer scxkit, or build the kernel with a newer pahole.",
    );
  return ok("enums", "64-bit constants are whole");
}

export function checkKfuncs({ types }: Types): Finding {
  if ("error" in types || !types.ops) return ok("kfuncs", "nothing to look at without BTF of sched_ext");
  const { brokenKfuncs } = types;
  if (brokenKfuncs.length === 0) return ok("kfuncs", "described as schedulers call them");
  const few = [...brokenKfuncs.slice(0, 3), ...(brokenKfuncs.length > 3 ? ["…"] : [])].join(", ");
  return warning(
    "kfuncs",
    `the kernel's BTF gives ${brokenKfuncs.length} an argument that no scheduler passes: ${few}`,
    "A scheduler that can't do without them isn't loaded: use another build of the kernel (Debian's 7.2.12 has this fault).",
  );
}
