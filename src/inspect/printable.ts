// SPDX-License-Identifier: MIT

/** Names and texts come from object files, maps and other processes: they must not steer the terminal. */
export const printable = (line: string): string => line.replace(/\p{Cc}/gu, byNumber);

/** The same of a text of several lines. */
export const printableText = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, byNumber);

const byNumber = (char: string): string => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`;
