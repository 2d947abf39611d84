// SPDX-License-Identifier: MIT

/** Of some names the one that another was probably meant for: the same but for case, or two letters at most. */
export function near(word: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, changes: changes(word.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.changes - b.changes);
  return best && best.changes <= Math.min(2, word.length - 1) ? best.name : undefined;
}

/** How many letters are to be put in, taken out or changed to make one word of another (Levenshtein). */
function changes(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(
        Math.min((row[j] as number) + (letter === to[j] ? 0 : 1), (row[j + 1] as number) + 1, (next[j] as number) + 1),
      );
    row = next;
  }
  return row[to.length] as number;
}
