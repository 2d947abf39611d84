// SPDX-License-Identifier: MIT

/** Gathers the values of a flag that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** Gathers names that stand with commas between, too. */
export const collectNames = (value: string, before: string[] = []): string[] => [
  ...before,
  ...value.split(",").map((name) => name.trim()),
];
