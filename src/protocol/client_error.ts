// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { causeOf, ScxError, type ScxErrorCode } from "../error.js";

/** A number of requests at once that is none. */
export function noWidth(width: number): ScxError {
  return new ScxError("ERR_SCX_USAGE", {
    op: "connect",
    message: `${width} requests can't be on their way at once.`,
    remedy: 'Give pipeline a number from 1 on, or "probe".',
  });
}

/** errno of a path where another file stands; the kernel says ECONNREFUSED, as of a server that has gone. */
const ENOTSOCK = 88;

/** The server sent what no server may. */
export const broken = (what: string, cause?: unknown): ScxError => ended("request", what, cause);

/** The server has gone. */
export const lost = (what: string, cause?: unknown): ScxError => ended("receive", what, cause);

/** Whether it is the server that has gone, which may come again. */
export const isLost = (error: ScxError): boolean => error.code === "ERR_SCX_WIRE" && error.op === "receive";

function ended(op: string, what: string, cause: unknown): ScxError {
  return new ScxError("ERR_SCX_WIRE", {
    op,
    message: `The statistics server ${what}.`,
    remedy: "See whether the scheduler still runs, then connect anew.",
    cause,
  });
}

/** The client was closed, or its connection had ended before. */
export function closed(cause?: ScxError): ScxError {
  return new ScxError("ERR_SCX_CLOSED", {
    op: "request",
    message: cause === undefined ? "The client was closed." : `The connection has ended: ${causeOf(cause)}`,
    remedy: "Connect anew.",
    cause,
  });
}

/** Why a connection can't be made. */
export function connectError(path: string, error: NodeJS.ErrnoException): ScxError {
  if (error.code === "ECONNREFUSED" && statSync(path, { throwIfNoEntry: false })?.isSocket() === false)
    return new ScxError("ERR_SCX_CONNECT", {
      op: "connect",
      message: `${path} is no socket.`,
      remedy: "Give the path of a scheduler's socket.",
      errno: ENOTSOCK,
      cause: error,
    });
  const denied = error.code === "EACCES" || error.code === "EPERM";
  const code: ScxErrorCode = denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_CONNECT";
  const permission = "Run as root, or as a member of the socket's group.";
  const remedies: Record<string, string> = { EACCES: permission, EPERM: permission, EAGAIN: "Try again in a moment." };
  const messages: Record<string, string> = {
    ENOENT: `There is no ${path}.`,
    EAGAIN: `More clients than its server accepts wait at ${path}.`,
    ECONNREFUSED: `Nobody listens at ${path} any more.`,
    EACCES: `No permission to connect to ${path}.`,
  };
  return new ScxError(code, {
    op: "connect",
    message: messages[error.code ?? ""] ?? `Can't connect to ${path}: ${error.message}.`,
    remedy: remedies[error.code ?? ""] ?? "Start a scheduler that serves statistics there.",
    errno: error.errno === undefined ? undefined : Math.abs(error.errno),
    cause: error,
  });
}
