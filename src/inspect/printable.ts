// SPDX-License-Identifier: MIT

/** Names and texts come from object files, maps and other processes: they must not steer the terminal. */
export const printable = (line: string): string =>
  line.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
