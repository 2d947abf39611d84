// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { ScxError } from "../error.js";
import { native, type PeerCredentials } from "../native/index.js";
import { groupId, userId } from "../process/account.js";

/** Who may connect, beside what the socket's permissions say: names or numbers. Nobody else, root included. */
export interface AllowList {
  readonly users?: readonly (string | number)[] | undefined;
  /** A client is in a group when it's its effective one or one of its supplementary groups. */
  readonly groups?: readonly (string | number)[] | undefined;
}

/** Who is at the other end of a connected socket. */
export const peerOf = (socket: Socket): PeerCredentials =>
  native.peerCredentials((socket as unknown as { _handle: { fd: number } })._handle.fd);

/** Who listens at the other end of a socket that was connected: {@link StatsClient.server}. */
export function serverOf(socket: Socket): string | undefined {
  try {
    const { pid } = peerOf(socket);
    return pid === 0 ? undefined : `${pid}@${startOf(pid)}`;
  } catch {
    return undefined; // it is closed again
  }
}

/** When a process was started: field 22 of its stat (proc_pid_stat(5)), counted behind its name, which may be anything. */
function startOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19];
  } catch {
    return undefined;
  }
}

/** A process as an error names it: by its id and, where it can be told, its name. */
export function processName(pid: number): string {
  try {
    return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
  } catch {
    return `process ${pid}`;
  }
}

/** Makes the check of an allow list: undefined, or the error that the client is to get. @throws ScxError ERR_SCX_USAGE */
export function gatekeeper(allow: AllowList | undefined): (peer: PeerCredentials) => ScxError | undefined {
  if (allow === undefined) return () => undefined;
  const users = new Set(allow.users?.map(userId));
  const groups = new Set(allow.groups?.map(groupId));
  return ({ uid, gid, groups: more }) =>
    users.has(uid) || groups.has(gid) || more.some((group) => groups.has(group)) ? undefined : denied(uid);
}

const denied = (uid: number) =>
  new ScxError("ERR_SCX_PRIVILEGE", {
    op: "accept",
    message: `User ${uid} may not read these statistics.`,
    remedy: "Ask whoever runs the server to allow that user, or a group of theirs.",
    errno: 13,
  });
