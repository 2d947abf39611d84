// SPDX-License-Identifier: MIT

/** Gathers the values of a flag that may be repeated. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];
