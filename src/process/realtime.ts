// SPDX-License-Identifier: MIT
import { readdirSync } from "node:fs";
import { constants } from "node:os";
import { ScxError } from "../error.js";
import { native } from "../native/index.js";

function setFifo(thread: number, priority: number): void {
  try {
    native.setFifo(thread, priority);
  } catch (error) {
    if ((error as { errno?: number }).errno !== constants.errno.ESRCH) throw error; // else it has ended meanwhile
  }
}

/**
 * Puts all threads of this process under SCHED_FIFO, out of sched_ext's reach: a scheduler that stalls keeps them from
 * nothing then. Threads that are started later inherit it.
 * @param priority 1 to 99
 * @throws ScxError ERR_SCX_PRIVILEGE, ERR_SCX_USAGE
 */
export function runRealtime(priority = 1): void {
  try {
    for (const thread of readdirSync("/proc/self/task")) setFifo(Number(thread), priority);
  } catch (cause) {
    const { errno, message } = cause as { errno?: number; message: string };
    const denied = errno === constants.errno.EPERM;
    throw new ScxError(denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_USAGE", {
      op: "realtime",
      message: `The process can't run under SCHED_FIFO: ${message}.`,
      remedy: denied
        ? "Run it as root, give it CAP_SYS_NICE, or raise its limit (LimitRTPRIO=1 in systemd, ulimit -r)."
        : "Give a priority from 1 to 99.",
      errno,
      cause,
    });
  }
}
