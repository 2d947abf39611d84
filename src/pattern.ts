// SPDX-License-Identifier: MIT
/**
 * Whether a name is one that a pattern stands for.
 * @param star what `*` stands for, as a regular expression
 * @param dot what a dot stands for
 */
export function pattern(text: string, star: string, dot = "\\."): (name: string) => boolean {
  const parts = text.split("*").map((part) => part.replace(/[+?^${}()|[\]\\]/g, "\\$&").replaceAll(".", dot));
  const whole = new RegExp(`^${parts.join(star)}$`);
  return (name) => whole.test(name);
}
