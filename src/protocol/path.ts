// SPDX-License-Identifier: MIT
import { resolve } from "node:path";
import { ScxError, type ScxErrorCode } from "../error.js";

/** Where upstream's tools look for the statistics of the running scheduler. */
export const defaultSocketPath = "/var/run/scx/root/stats";

/** `sun_path` less its final NUL. Node cuts what is longer without a word. */
const maxPathBytes = 107;

/** The absolute form of a socket's path. @throws ScxError ERR_SCX_SOCKET_PATH when no socket can have it. */
export function checkSocketPath(path: string, op: string): string {
  if (typeof path !== "string" || path === "" || path.includes("\0"))
    throw pathError(op, `"${path}" can't be a socket's path`);
  const absolute = resolve(path);
  const bytes = Buffer.byteLength(absolute);
  if (bytes > maxPathBytes) {
    throw pathError(op, `A socket's path has at most ${maxPathBytes} bytes, ${absolute} has ${bytes}`);
  }
  return absolute;
}

/** The error of a path that no socket can have, or not here. */
export function pathError(op: string, message: string, remedy?: string, cause?: unknown): ScxError {
  return socketError(
    "ERR_SCX_SOCKET_PATH",
    op,
    message,
    remedy ?? `Choose another path, such as ${defaultSocketPath}.`,
    cause,
  );
}

/** The error of a path where something stands that isn't ours. */
export function inUse(message: string): ScxError {
  const remedy = "Stop what uses it, remove it if it is left over, or choose another path.";
  return socketError("ERR_SCX_SOCKET_IN_USE", "listen", message, remedy);
}

function socketError(code: ScxErrorCode, op: string, message: string, remedy: string, cause?: unknown): ScxError {
  const errno = Math.abs((cause as NodeJS.ErrnoException | undefined)?.errno ?? 0) || undefined;
  return new ScxError(code, { op, message: `${message}.`, remedy, errno, cause });
}
