// SPDX-License-Identifier: MIT
import { checkBtf, checkEnums, checkKfuncs } from "./btf_check.js";
import type { Finding } from "./finding.js";
import { checkConfig, checkCpus, checkJit, checkRelease, checkSchedExt, checkScheduler } from "./kernel_check.js";
import { type Machine, readMachine } from "./machine.js";
import { checkCapabilities, checkLibbpf, checkMemlock, checkSocket } from "./process_check.js";

/** In the order in which one would mend them. */
const checks: readonly ((machine: Machine) => Finding)[] = [
  checkRelease,
  checkSchedExt,
  checkConfig,
  checkBtf,
  checkEnums,
  checkKfuncs,
  checkJit,
  checkLibbpf,
  checkCapabilities,
  checkMemlock,
  checkCpus,
  checkScheduler,
  checkSocket,
];

/** The findings on a machine whose files were read before. */
export const findings = (machine: Machine): Finding[] => checks.map((check) => check(machine));

/** Whether this process can run schedulers on this machine, and what stands in the way: one finding a check. Never rejects. */
export async function diagnose(): Promise<Finding[]> {
  return findings(await readMachine());
}
