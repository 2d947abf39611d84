// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { wideConstants } from "./types.js";

/** What the kernel's BTF says of an enum: the value of each of its constants, or nothing when it has no such enum. */
export type Enumerators = (name: string) => Readonly<Record<string, bigint>> | undefined;

/**
 * Constants of sched_ext of which the kernel's BTF has only the low 32 bits. A pahole that doesn't know of 64-bit enums
 * (before 1.24, or told to leave them out) says that they have 8 bytes, and cuts each value.
 */
export const cutConstants = (enumerators: Enumerators): string[] =>
  Object.entries(wideConstants)
    .filter(([type, { name, value }]) => enumerators(type)?.[name] === BigInt.asUintN(32, value))
    .map(([, { name }]) => name);

/** Whether an enum of that name holds such a constant; what follows `___` is not part of it. */
export const isWideEnum = (name: string): boolean => name.replace(/___.*$/, "") in wideConstants;

/** Throws ERR_SCX_KERNEL_FAULT when the kernel's BTF has cut them: a scheduler would run with slices of zero or four seconds. */
export function requireWholeConstants(op: string, enumerators: Enumerators): void {
  const cut = cutConstants(enumerators);
  if (cut.length === 0) return;
  throw new ScxError("ERR_SCX_KERNEL_FAULT", {
    op,
    message: `The scheduler takes constants from the kernel's BTF, which has cut them to 32 bits: ${cut.join(", ")}.`,
    remedy: "Boot a kernel that was built with pahole 1.24 or newer, without --skip_encoding_btf_enum64.",
  });
}
