// SPDX-License-Identifier: MIT
import { ScxError } from "../error.js";

/** Where to listen. */
export interface Address {
  host: string;
  port: number;
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (all of the machine's addresses, as elsewhere) or `PORT` (127.0.0.1 only).
 * @throws ScxError ERR_SCX_USAGE
 */
export function parseAddress(sink: string, text: string): Address {
  const [, bracketed, plain, port] = /^(?:(?:\[([\da-fA-F:.]+)\]|([^:[\]/\s]*)):)?(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? "127.0.0.1";
  if (port !== undefined && Number(port) <= 0xffff) return { host: host || "::", port: Number(port) };
  throw new ScxError("ERR_SCX_USAGE", {
    op: "listen",
    message: `Sink ${sink}: "${text}" is no address to listen at.`,
    remedy: "Give HOST:PORT, or a PORT: 127.0.0.1:9000, [::1]:9000, 9000.",
  });
}

/** A host and port to send to: `HOST:PORT`, `[IPV6]:PORT`, and without the port where there is a usual one. Undefined for what is none. */
export function peerAddress(text: string, usualPort?: number): Address | undefined {
  const [, bracketed, plain, given] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = given === undefined ? usualPort : Number(given);
  return host !== undefined && port !== undefined && port <= 0xffff ? { host, port } : undefined;
}
