// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";

/** The numbers in the kernel's notation of a set: `0-2,5`. */
export const numbersIn = (list: string): number[] =>
  list
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });

/** The same back again, of numbers in their order. */
export function listText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
}

/** The largest of them. */
export const largestOf = (list: string): number => Math.max(...numbersIn(list));

const possible = (): string => readFileSync("/sys/devices/system/cpu/possible", "utf8");

/** Numbers of the CPUs that there can be, in their order. */
export const possibleCpus = (): number[] => numbersIn(possible());

/** The kernel's nr_cpu_ids: one more than the largest number that a CPU can have. */
export const cpuIds = (): number => largestOf(possible()) + 1;

/** The numbers of the CPUs that are online. */
export const onlineCpus = (): number[] => numbersIn(readFileSync("/sys/devices/system/cpu/online", "utf8"));
