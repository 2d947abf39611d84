// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";
import type { ConnectionLimits } from "./connection.js";

/** What clients of a server are held to. `Infinity` is no limit. */
export interface ServerLimits {
  /** Longest request line in bytes; 65536 unless said otherwise. A client that sends more is told so and cut off. */
  maxLine?: number;
  /** How many connections there may be; 1000 unless said otherwise. Further ones get errno 11 (EAGAIN) and are closed. */
  maxConnections?: number;
  /**
   * How many of them one user may have; three quarters unless said otherwise, so that nobody keeps all others out. Root and the server's
   * own user may have all.
   */
  maxPerUser?: number;
  /** How long a client may ask nothing, in ms; an hour unless said otherwise. Then its connection is closed. */
  idleTimeoutMs?: number;
  /** How long a request may take to come whole, in ms; 10 s unless said otherwise. Then errno 110 (ETIMEDOUT), and the end. */
  requestTimeoutMs?: number;
  /** How long a client may take to read a reply, in ms; 30 s unless said otherwise. Then its connection is cut. */
  replyTimeoutMs?: number;
}

/** ms for a client that was refused to read why. */
const lingerMs = 1000;

/** Fills in what isn't given. One tick serves all timeouts, which so come up to a quarter late, and never early. */
export function limitsOf(given: ServerLimits): {
  connections: number;
  perUser: number;
  tickMs: number;
  limits: ConnectionLimits;
} {
  const limit = (name: keyof ServerLimits, otherwise: number): number => {
    const value = given[name] ?? otherwise;
    if (value >= 1) return value;
    throw new ScxError("ERR_SCX_USAGE", {
      op: "listen",
      message: `${name} is ${value}.`,
      remedy: "Give a number from 1 on, or Infinity for no limit.",
    });
  };
  const idle = limit("idleTimeoutMs", 3_600_000);
  const request = limit("requestTimeoutMs", 10_000);
  const reply = limit("replyTimeoutMs", 30_000);
  const tickMs = Math.max(1, Math.min(idle, request, reply, lingerMs) / 4);
  const ticks = (ms: number) => Math.ceil(ms / tickMs) + 1;
  const connections = limit("maxConnections", 1000);
  return {
    connections,
    perUser: limit("maxPerUser", Math.ceil(connections * 0.75)),
    tickMs,
    limits: {
      line: limit("maxLine", 65_536),
      idle: ticks(idle),
      request: ticks(request),
      reply: ticks(reply),
      linger: ticks(lingerMs),
    },
  };
}
