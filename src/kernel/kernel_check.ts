// SPDX-License-Identifier: MIT
import { optionOf, paholeOf } from "./config.js";
import { numbersIn } from "./cpus.js";
import { type Finding, ok, problem, warning } from "./finding.js";
import type { Machine } from "./machine.js";
import { builtFor, releaseAge } from "./release.js";

const boot = `Boot a kernel from ${builtFor} with CONFIG_SCHED_CLASS_EXT=y`;

export function checkRelease({ release }: Pick<Machine, "release">): Finding {
  const linux = `Linux ${release}`;
  const range = `scxkit is built for ${builtFor}`;
  switch (releaseAge(release)) {
    case "ancient":
      return problem("kernel", `${linux} is from before sched_ext (6.12)`, `${boot}.`);
    case "older":
      return warning("kernel", `${linux}; ${range}`, "It may work; what fails here is worth a try on 6.16 or newer.");
    case "newer":
      return warning("kernel", `${linux}; ${range}`, "It should work; look for a newer scxkit if it doesn't.");
    default:
      return ok("kernel", `${linux}; ${range}`);
  }
}

export function checkSchedExt({ schedExt }: Pick<Machine, "schedExt">): Finding {
  if (schedExt) return ok("sched_ext", "this kernel has it");
  return problem(
    "sched_ext",
    "this kernel has none: there is no /sys/kernel/sched_ext",
    `${boot}, and see that sysfs is mounted (containers may hide it).`,
  );
}

/** What SCHED_CLASS_EXT depends on (kernel/Kconfig.preempt), and itself. */
const needed = ["BPF_SYSCALL", "BPF_JIT", "DEBUG_INFO_BTF", "SCHED_CLASS_EXT"].map((name) => `CONFIG_${name}`);

const isSet = (config: string, option: string): boolean => optionOf(config, option) === "y";

export function checkConfig({ config }: Pick<Machine, "config">): Finding {
  if (!config) return ok("config", "no file of it to be found; the other checks ask the kernel itself");
  const missing = needed.filter((option) => !isSet(config.text, option));
  if (missing.length > 0)
    return problem(
      "config",
      `${config.path} lacks ${missing.join(", ")}`,
      `Boot a kernel built with ${missing.map((option) => `${option}=y`).join(", ")}.`,
    );
  const made = paholeOf(config.text);
  // From 1.26 on the kernel's build names each feature that it wants of pahole, consistent_func too (scripts/Makefile.btf).
  if (made !== undefined && made < 126)
    return warning(
      "config",
      `the kernel's BTF was made by pahole ${(made / 100).toFixed(2)}; older than 1.26 may leave out kfuncs`,
      "If schedulers fail with an unresolved kfunc: build the kernel with pahole 1.26 or newer.",
    );
  return ok("config", `${config.path} has ${needed.map((option) => option.replace("CONFIG_", "")).join(", ")}`);
}

/** Programs that call kfuncs are never interpreted (kernel/bpf/verifier.c: "JIT is required for calling kernel function"). */
export function checkJit({ jit, config }: Pick<Machine, "jit" | "config">): Finding {
  const remedy = "Switch it on: sysctl net.core.bpf_jit_enable=1.";
  const always = config !== undefined && isSet(config.text, "CONFIG_BPF_JIT_ALWAYS_ON");
  switch (jit?.trim()) {
    case "0":
      return problem(
        "jit",
        "BPF's JIT is off (net.core.bpf_jit_enable is 0), and schedulers can't run without",
        remedy,
      );
    case "2":
      return warning("jit", "BPF's JIT is on and debugs: it writes each program to the kernel's log", remedy);
    case undefined:
      return ok(
        "jit",
        always ? "always on (CONFIG_BPF_JIT_ALWAYS_ON)" : "can't be asked without root; most kernels have it on",
      );
    default:
      return ok("jit", always ? "always on (CONFIG_BPF_JIT_ALWAYS_ON)" : "on (net.core.bpf_jit_enable is 1)");
  }
}

export function checkScheduler({ running }: Pick<Machine, "running">): Finding {
  if (running === undefined) return ok("scheduler", "none runs but the kernel's own");
  return warning(
    "scheduler",
    `${running} runs, and the kernel takes one at a time`,
    "To run another one stop it first: end its loader, or press SysRq-S.",
  );
}

export function checkCpus({ possible = "", online = "" }: Pick<Machine, "possible" | "online">): Finding {
  const [most, now] = [numbersIn(possible).length, numbersIn(online).length];
  if (most === 0 || now === 0) return ok("cpus", "can't be counted: /sys/devices/system/cpu is not there");
  // A per-CPU map has a value for each possible CPU. Firmware of VMs often promises a hundred that never come.
  if (most >= 32 && most >= 4 * now)
    return warning(
      "cpus",
      `${now} online of ${most} possible: each reading of per-CPU statistics copies ${most} values`,
      `Boot with nr_cpus=${now} on the kernel's command line when no more will be added.`,
    );
  return ok("cpus", `${now} online of ${most} possible`);
}
