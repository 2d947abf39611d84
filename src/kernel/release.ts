// SPDX-License-Identifier: MIT

/** The kernels that scxkit is built for and tested on. Others are tried, never refused for their number. */
export const builtFor = "6.16 to 7.2";
const [first, last] = [616, 702];

/** The first with sched_ext. */
const firstWithSchedExt = 612;

/** `ancient`: from before sched_ext. `older` and `newer`: than what we are built for. */
export type ReleaseAge = "ancient" | "older" | "known" | "newer";

/** 618 of "6.18.15+deb13-amd64"; 0 of what is no release. */
function numberOf(release: string): number {
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) * 100 + Number(minor);
}

/** Where a release (`uname -r`) stands. */
export function releaseAge(release: string): ReleaseAge {
  const number = numberOf(release);
  if (number < firstWithSchedExt) return "ancient";
  if (number < first) return "older";
  return number > last ? "newer" : "known";
}

/** Whether a release is from before another one: `isBefore("5.10.1", "5.11")`. */
export const isBefore = (release: string, other: string): boolean => numberOf(release) < numberOf(other);

/** What to warn of before a load on that release; undefined when nothing is to be said. */
export function releaseDoubt(release: string): string | undefined {
  const age = releaseAge(release);
  if (age === "known") return undefined;
  const which = age === "newer" ? "newer" : "older";
  return `Linux ${release} is ${which} than the kernels that scxkit is built for (${builtFor}): tried all the same`;
}
