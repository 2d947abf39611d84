// SPDX-License-Identifier: MIT
import { type Finding, ok, problem, warning } from "./finding.js";
import type { Machine } from "./machine.js";
import { isBefore } from "./release.js";

export function checkLibbpf({ libbpf }: Pick<Machine, "libbpf">): Finding {
  // What libbpf has to be at least is known where the addon is loaded (native/index.ts).
  return "error" in libbpf
    ? problem("libbpf", libbpf.error.replace(/\.$/, ""), libbpf.remedy)
    : ok("libbpf", `${libbpf.version.replace(/^v/, "")} (1.4 is the oldest that will do)`);
}

/** include/uapi/linux/capability.h */
const capabilities = { CAP_SYS_ADMIN: 21n, CAP_PERFMON: 38n, CAP_BPF: 39n } as const;

/** What /proc/self/uid_map has in the initial user namespace: every id, as itself. */
const initialMap = /^\s*0\s+0\s+4294967295\s*$/;

export function checkCapabilities({
  status,
  uidMap,
  unprivileged,
}: Pick<Machine, "status" | "uidMap" | "unprivileged">): Finding {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  if (effective === undefined)
    return warning("capabilities", "can't be told: /proc/self/status has none", "Mount /proc, or just try.");
  // bpf_capable() and perfmon_capable() ask the initial user namespace, whatever root of another one seems to have.
  if (uidMap !== undefined && !initialMap.test(uidMap))
    return problem(
      "capabilities",
      "this is a user namespace of its own, where no capability opens BPF",
      "Run it as root of the machine itself, not of a rootless container.",
    );
  const bits = BigInt(`0x${effective}`);
  const has = (name: keyof typeof capabilities) => ((bits >> capabilities[name]) & 1n) === 1n;
  // CAP_SYS_ADMIN stands for either (bpf_capable and perfmon_capable in include/linux/capability.h).
  if (has("CAP_SYS_ADMIN")) return ok("capabilities", "CAP_SYS_ADMIN, which includes CAP_BPF and CAP_PERFMON");
  const missing = (["CAP_BPF", "CAP_PERFMON"] as const).filter((name) => !has(name));
  if (missing.length === 0) return ok("capabilities", "CAP_BPF and CAP_PERFMON");
  // 0 opens BPF for socket filters and the like only; people take it for more.
  const note =
    unprivileged?.trim() === "0" ? " (kernel.unprivileged_bpf_disabled=0 does not open it for schedulers)" : "";
  return problem(
    "capabilities",
    `${missing.join(" and ")} missing${note}`,
    "Run it as root (sudo), or give it both, as systemd's AmbientCapabilities=CAP_BPF CAP_PERFMON does.",
  );
}

/** A scheduler's maps need less. */
const memlockFloor = 64 * 1024 * 1024;

export function checkMemlock({ limits, release }: Pick<Machine, "limits" | "release">): Finding {
  const soft = /^Max locked memory\s+(\S+)/m.exec(limits ?? "")?.[1];
  if (soft === undefined) return ok("memlock", "can't be told: /proc/self/limits has none");
  const text = soft === "unlimited" ? soft : `${Math.round(Number(soft) / 1024)} KiB`;
  // 5.11 charges BPF's memory to the cgroup instead (kernel/bpf/memalloc and syscall.c); backports of sched_ext may not.
  if (!isBefore(release, "5.11")) return ok("memlock", `${text}; kernels from 5.11 on don't count BPF's memory`);
  if (soft === "unlimited" || Number(soft) >= memlockFloor) return ok("memlock", text);
  return warning("memlock", `${text}, and this kernel counts BPF's memory`, "Raise it: ulimit -l unlimited.");
}

export function checkSocket({ socket }: Pick<Machine, "socket">): Finding {
  const { folder, nearest, writable } = socket;
  if (writable) return ok("socket", nearest === folder ? `${folder} can be written to` : `${folder} can be made`);
  return warning(
    "socket",
    `${nearest} can't be written to, so no socket can be made in ${folder}`,
    "Run it as root, or serve the statistics elsewhere: --socket PATH, or --socket none.",
  );
}
