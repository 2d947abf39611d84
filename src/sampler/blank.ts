// SPDX-License-Identifier: MIT

/**
 * What makes objects that have all these names and no prototype, by copying one. To add hundreds of names one by one lays an object out
 * anew again and again: that takes longer than to make all their values, and leaves as much garbage. V8 copies what a literal
 * makes, so one is written; where that is forbidden (`--disallow-code-generation-from-strings`) the names are added one by one after all.
 */
export function blankOf<T>(names: readonly string[]): () => Record<string, T> {
  // In brackets it is a name like any other.
  const fields = names.map((name) => `${name === "__proto__" ? '["__proto__"]' : JSON.stringify(name)}: 0`);
  try {
    return new Function(`return () => ({ __proto__: null, ${fields.join()} })`)();
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return () => {
      const blank: Record<string, unknown> = Object.create(null);
      for (const name of names) blank[name] = 0;
      return blank as Record<string, T>;
    };
  }
}
