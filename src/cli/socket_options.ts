// SPDX-License-Identifier: MIT
import { InvalidArgumentError, Option } from "commander";
import type { StatsServerOptions } from "../protocol/server.js";

/** What a command that serves a socket was given for it. */
export interface SocketFileOptions {
  socketMode?: number;
  socketOwner?: string;
  socketGroup?: string;
  socketAllow?: { users: string[]; groups: string[] };
}

function permissions(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError("Give permissions in octal: 0660.");
  return Number.parseInt(text, 8);
}

function allowance(text: string, before: SocketFileOptions["socketAllow"]): SocketFileOptions["socketAllow"] {
  const [, kind, name] = /^(user|group):(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Give user:NAME or group:NAME.");
  const { users, groups } = before ?? { users: [], groups: [] };
  return kind === "user" ? { users: [...users, name], groups } : { users, groups: [...groups, name] };
}

/** The flags for a socket that is served. */
export const socketFlags = {
  mode: new Option("--socket-mode <octal>", "the socket's permissions, 0660 unless given").argParser(permissions),
  owner: new Option("--socket-owner <user>", "the socket's owner, by name or number"),
  group: new Option("--socket-group <group>", "the socket's group, by name or number"),
  allow: new Option(
    "--socket-allow <user:name|group:name>",
    "serve only these clients, by what the kernel says of them; root is to be named too (repeatable)",
  ).argParser(allowance),
};

/** What the server makes of them. */
export const socketFile = (
  options: SocketFileOptions,
): Pick<StatsServerOptions, "mode" | "owner" | "group" | "allow"> => ({
  mode: options.socketMode,
  owner: options.socketOwner,
  group: options.socketGroup,
  allow: options.socketAllow,
});
