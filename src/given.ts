// SPDX-License-Identifier: MIT
import { ScxError } from "./error.js";

/**
 * Refuses in words what a caller without types gives in place of an object, before it fails somewhere inside.
 * @param members some that the right one has, methods or values
 * @throws ScxError ERR_SCX_USAGE
 */
export function checkGiven(op: string, what: string, value: unknown, members: readonly string[], remedy: string): void {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  const missing = isObject && members.find((name) => (value as Record<string, unknown>)[name] === undefined);
  if (isObject && missing === undefined) return;
  const why = missing
    ? `what was given has no ${missing}`
    : `${typeof value === "string" ? JSON.stringify(value) : String(value)} was given`;
  throw new ScxError("ERR_SCX_USAGE", { op, message: `${what} is missing: ${why}.`, remedy });
}
