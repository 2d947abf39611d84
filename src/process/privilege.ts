// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ScxError } from "../error.js";
import { native } from "../native/index.js";

/** Node has these on every system but Windows; its types lack one of them. */
const posix = process as unknown as {
  initgroups(user: string, group: number): void;
  setgid(group: number): void;
  setuid(user: number): void;
  geteuid(): number;
};

/** A user of this machine, whom the process is to become. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const usage = (message: string, remedy: string, cause?: unknown) =>
  new ScxError("ERR_SCX_USAGE", { op: "drop", message, remedy, cause });

/** Looks a user up by name or number, as the system's own tools do. @throws ScxError ERR_SCX_USAGE */
export function findUser(name: string): User {
  if (name === "" || name.startsWith("-")) throw usage(`"${name}" is no user.`, "Give a user's name: nobody.");
  const id = (flag: string) => execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }).trim();
  let user: User;
  try {
    user = { name: id("-un"), uid: Number(id("-u")), gid: Number(id("-g")) };
  } catch (cause) {
    throw usage(`There is no user "${name}".`, "Give one that `id` knows, such as nobody.", cause);
  }
  if (user.uid === 0) throw usage(`${user.name} has all privileges.`, "Give a user who has none, such as nobody.");
  return user;
}

/**
 * Becomes that user for good: all threads lose all capabilities, and none comes back (no_new_privs). What is open stays
 * usable. Checked afterwards, thread by thread.
 * @throws ScxError ERR_SCX_PRIVILEGE when it can't be done whole; the process should end then
 */
export function dropPrivileges(user: User): void {
  try {
    posix.initgroups(user.name, user.gid);
    posix.setgid(user.gid);
    // Only a change from root to somebody else takes capabilities away (capabilities(7)), also those of whom isn't root now.
    if (posix.geteuid() !== 0) posix.setuid(0);
    posix.setuid(user.uid);
    native.setNoNewPrivs();
  } catch (cause) {
    throw notDropped(user, (cause as Error).message, cause);
  }
  for (const thread of readdirSync("/proc/self/task")) {
    const path = `/proc/self/task/${thread}/status`;
    const rest = existsSync(path) ? remainder(readFileSync(path, "utf8"), user) : undefined; // or it has ended meanwhile
    if (rest) throw notDropped(user, `thread ${thread} still has ${rest}`);
  }
}

/** What a thread's status still says of privileges; undefined when there is nothing. */
function remainder(status: string, user: User): string | undefined {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  for (const set of ["CapPrm", "CapEff", "CapAmb"]) if (!/^0+$/.test(field(set))) return `${set} ${field(set)}`;
  const ids = (name: string) => new Set(field(name).split(/\s+/).map(Number));
  for (const [name, id] of [
    ["Uid", user.uid],
    ["Gid", user.gid],
  ] as const)
    if (ids(name).size !== 1 || !ids(name).has(id)) return `${name} ${field(name)}`;
  return field("NoNewPrivs") === "1" ? undefined : "no no_new_privs";
}

const notDropped = (user: User, why: string, cause?: unknown) =>
  new ScxError("ERR_SCX_PRIVILEGE", {
    op: "drop",
    message: `The privileges can't be given up to become ${user.name}: ${why}.`,
    remedy: "Start it as root, or with CAP_SETUID and CAP_SETGID besides CAP_BPF and CAP_PERFMON.",
    cause,
  });
