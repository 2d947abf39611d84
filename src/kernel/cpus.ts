// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

/** The largest number in the kernel's notation of a set: 3 in `0-1,3`. */
export const largestOf = (list: string): number => Math.max(...list.trim().split(/[,-]/).map(Number));

/** The kernel's nr_cpu_ids: one more than the largest number that a CPU can have. */
export const cpuIds = (): number => largestOf(readFileSync("/sys/devices/system/cpu/possible", "utf8")) + 1;
