// SPDX-License-Identifier: MIT
import { cpus, hostname, release } from "node:os";
import { cpuIds, onlineCpus } from "../kernel/cpus.js";
import { groupCpus } from "../kernel/topology.js";
import { packageVersion } from "../package.js";

/** Labels of this machine: what there is to tell it from others by. The scheduler is a label of each sample. */
export const labelNames = ["host", "kernel", "cpu_model", "cpus", "cores", "llcs", "nodes", "scxkit"] as const;
export type LabelName = (typeof labelNames)[number];

/** The machine's standard labels. CPUs are the online ones; the model is absent where the kernel doesn't say it. */
export function standardLabels(names: readonly LabelName[] = labelNames): Record<string, string> {
  const all = allLabels();
  return Object.fromEntries(names.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])));
}

function allLabels(): Partial<Record<LabelName, string>> {
  const ids = cpuIds();
  const online = onlineCpus();
  const groups = (domain: "core" | "llc" | "node") => {
    const { groups } = groupCpus(domain, undefined, ids);
    return `${new Set(online.map((cpu) => groups[cpu])).size}`;
  };
  const model = cpus()[0]?.model.trim();
  return {
    host: hostname(),
    kernel: release(),
    ...(model && model !== "unknown" && { cpu_model: model }),
    cpus: `${online.length}`,
    cores: groups("core"),
    llcs: groups("llc"),
    nodes: groups("node"),
    scxkit: packageVersion,
  };
}
