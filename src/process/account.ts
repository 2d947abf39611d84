// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { ScxError } from "../error.js";

/** The number of a user, given by name or number. @throws ScxError ERR_SCX_USAGE when there is none of that name. */
export const userId = (user: string | number): number => idOf("passwd", "user", user);

/** The number of a group, given by name or number. @throws ScxError ERR_SCX_USAGE when there is none of that name. */
export const groupId = (group: string | number): number => idOf("group", "group", group);

/** The largest; the one above it means "none" to chown(2). */
const maxId = 2 ** 32 - 2;

function idOf(database: "passwd" | "group", kind: string, account: string | number): number {
  // A number needs no entry of that number: containers often have none.
  if (/^\d+$/.test(String(account)) && Number(account) <= maxId) return Number(account);
  if (typeof account === "string" && /^[^-\d:][^:]*$/.test(account)) {
    try {
      const entry = execFileSync("getent", [database, account], { encoding: "utf8", stdio: "pipe" });
      return Number(entry.split(":")[2]);
    } catch (cause) {
      throw unknown(kind, account, cause);
    }
  }
  throw unknown(kind, account);
}

const unknown = (kind: string, account: string | number, cause?: unknown) =>
  new ScxError("ERR_SCX_USAGE", {
    op: "resolve",
    message: `There is no ${kind} "${account}".`,
    remedy: `Give a ${kind}'s name as \`getent ${kind === "user" ? "passwd" : kind}\` has it, or a number.`,
    cause,
  });
