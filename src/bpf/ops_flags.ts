// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import { kernelBtf } from "../kernel/sched_ext.js";
import type { Btf } from "./btf.js";

/** Flags of sched_ext_ops by name, in the order of their bits. */
export type FlagNames = ReadonlyMap<string, bigint>;

const prefix = "SCX_OPS_";

/**
 * Where neither the object nor the kernel has types: enum scx_ops_flags of kernel/sched/ext_internal.h, Linux 6.18
 * (kernel/sched/ext/internal.h, 7.2, for the last two).
 */
const knownNames = [
  "KEEP_BUILTIN_IDLE",
  "ENQ_LAST",
  "ENQ_EXITING",
  "SWITCH_PARTIAL",
  "ENQ_MIGRATION_DISABLED",
  "ALLOW_QUEUED_WAKEUP",
  "BUILTIN_IDLE_PER_NODE",
  "ALWAYS_ENQ_IMMED",
  "TID_TO_TASK",
] as const;
const known: FlagNames = new Map(knownNames.map((name, bit) => [prefix + name, 1n << BigInt(bit)]));

/** A flag of sched_ext_ops that kernels up to 7.2 know, without its SCX_OPS_; a later one is set by its number. */
export type OpsFlag = (typeof knownNames)[number];

/** Bits that the kernel keeps for itself (__SCX_OPS_INTERNAL_MASK). */
export const internalFlags = 0xffn << 56n;

/** Leaves the flags proper: an enum also has masks of them, and the kernel's own. */
function flagsAmong(enumerators: Iterable<readonly [string, bigint]>): FlagNames {
  const single = [...enumerators].filter(
    ([name, value]) =>
      name.startsWith(prefix) && value > 0n && (value & (value - 1n)) === 0n && !(value & internalFlags),
  );
  return new Map(single.sort(([, a], [, b]) => (a < b ? -1 : 1)));
}

/**
 * The flags that there are: those of the object's own enum scx_ops_flags, else the running kernel's, else a table's. They
 * are looked up when first asked for, as the kernel's BTF is large.
 */
export async function opsFlagNames(btf: Btf): Promise<() => FlagNames> {
  const own = btf.find("enum64", "scx_ops_flags") ?? btf.find("enum", "scx_ops_flags");
  const kernel = own ? undefined : await kernelBtf().catch(() => undefined);
  let found: FlagNames | undefined;
  return () => {
    if (found) return found;
    const ofKernel = kernel?.enumerators("scx_ops_flags");
    if (own) found = flagsAmong(own.enumerators.map(({ name, value }) => [name, value] as const));
    else found = ofKernel ? flagsAmong(Object.entries(ofKernel)) : known;
    return found;
  };
}

const isNumber = (text: string): boolean => /^-?(0x[0-9a-f]+|\d+)$/i.test(text);

/**
 * What `value` sets: flags by name, with or without SCX_OPS_ and in either case, several of them in a list or in a text
 * with `|` or `,` between. A number, or its text, is left as it is.
 * @throws ScxError ERR_SCX_VALUE for a name that isn't among them
 */
export function flagsValue(value: unknown, names: FlagNames): unknown {
  const parts = typeof value === "string" ? value.split(/[|,]/).map((part) => part.trim()) : value;
  if (!Array.isArray(parts) || (parts.length === 1 && isNumber(String(parts[0])))) return value;
  return parts.reduce((all: bigint, part: unknown) => all | flagValue(part, names), 0n);
}

function flagValue(part: unknown, names: FlagNames): bigint {
  if (typeof part === "bigint" || Number.isSafeInteger(part)) return BigInt(part as bigint | number);
  if (typeof part === "string" && isNumber(part) && !part.startsWith("-")) return BigInt(part);
  const name = String(part).toUpperCase();
  const found = names.get(name) ?? names.get(prefix + name);
  if (found !== undefined) return found;
  throw new ScxError("ERR_SCX_VALUE", {
    op: "set",
    message: `flags: there is no flag ${JSON.stringify(String(part))}.`,
    remedy: `Give ${[...names.keys()].join(", ")}, several with | between them, or a number.`,
  });
}

/** The names of the flags that are set; bits without one come last, as one hexadecimal number. */
export function flagsText(value: bigint, names: FlagNames): string[] {
  const set = [...names].filter(([, bit]) => (value & bit) !== 0n);
  const rest = set.reduce((left, [, bit]) => left & ~bit, value);
  return [...set.map(([name]) => name), ...(rest === 0n ? [] : [`0x${rest.toString(16)}`])];
}
