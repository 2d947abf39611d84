// SPDX-License-Identifier: MIT

/** The values that a text may have, as the attribute `_scx_states` has them: with commas between, and a backslash before a comma or backslash of theirs. */
export const statesText = (states: readonly string[]): string =>
  states.map((state) => state.replace(/[\\,]/g, "\\$&")).join(",");

/** The values in such a text. */
export function statesIn(text: string): string[] {
  const states = [""];
  for (const [one] of text.matchAll(/\\.|./gsu))
    if (one === ",") states.push("");
    else states[states.length - 1] += one.length > 1 && one.startsWith("\\") ? one.slice(1) : one;
  return states;
}
