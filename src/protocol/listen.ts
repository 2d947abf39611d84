// SPDX-License-Identifier: MIT
import { chmodSync, lchownSync, lstatSync, mkdirSync, renameSync, type Stats, statSync, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname, join } from "node:path";
import { getSystemErrorMap } from "node:util";
import { ScxError } from "../error.js";
import { withLock } from "./lock.js";
import { inUse, pathError } from "./path.js";
import { peerOf, processName } from "./peer.js";

/** A file's identity, while it exists. That of a socket is nobody else's as long as its server listens. */
type Identity = Pick<Stats, "dev" | "ino">;

/** What the socket's file is to be like. */
export interface SocketFile {
  /** Its permissions. */
  readonly mode: number;
  /** Who owns it, by number; as the process makes it unless given. */
  readonly owner?: number | undefined;
  readonly group?: number | undefined;
}

/** How long another server may take to start at the same path. */
const startMs = 10_000;

/**
 * Lets a server listen at a path: creates its folder (0755), and removes a socket that nobody listens on any more. Nothing
 * else is ever removed, and no symlink followed. Of several processes that want the same path at once one gets it, however
 * they meet; the others are told which.
 *
 * @returns the socket's identity, for {@link stopListening}
 * @throws ScxError ERR_SCX_SOCKET_IN_USE when something else, or a live server, stands there; ERR_SCX_SOCKET_PATH when
 * the folder can't be used, or the file not be given to its owner.
 */
export async function listenAt(server: Server, path: string, file: SocketFile): Promise<Identity> {
  makeFolder(dirname(path));
  const held = () => inUse(`Another server has been starting at ${path} for ${startMs / 1000} s`);
  try {
    return await withLock(path, startMs, held, async () => {
      await clearWay(path);
      return await bind(server, path, file);
    });
  } catch (error) {
    throw error instanceof ScxError ? error : listenError(path, error);
  }
}

/** Removes a socket that is dead. */
async function clearWay(path: string): Promise<void> {
  const found = identify(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw inUse(`${path} is ${kindOf(found)}, not a socket`);
  const { state, owner } = await probe(path);
  if (state === "free") return;
  if (state === "live") throw inUse(`A server listens at ${path}${owner === undefined ? "" : `: ${owner}`}`);
  if (state !== "stale") throw inUse(`${path} can't be asked: ${state}`);
  // One that knows nothing of our lock may have come meanwhile: only what was found dead goes. By its time, too: a new file
  // often gets the number of the one that was removed just before (ext4).
  const now = identify(path);
  if (now !== undefined && same(now, found) && now.ctimeMs === found.ctimeMs) unlinkSync(path);
}

/**
 * With exactly these permissions from the first moment on: the umask does that, or, in a worker thread where it can't be
 * set, chmod right after.
 */
async function bind(server: Server, path: string, { mode, owner = -1, group = -1 }: SocketFile): Promise<Identity> {
  const listening = new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.once("listening", done);
  });
  const restore = withUmask(0o777 & ~mode);
  try {
    server.listen({ path });
  } finally {
    restore();
  }
  await listening;
  server.removeAllListeners("error");
  const own = lstatSync(path);
  try {
    // -1 leaves it as it is.
    if (owner !== -1 || group !== -1) lchownSync(path, owner, group);
    if ((own.mode & 0o777) !== mode) chmodSync(path, mode);
  } catch (error) {
    stopListening(server, path, own);
    const given = `${path} can't be given its owner, group or mode: ${reasonOf(error)}`;
    throw pathError(
      "listen",
      given,
      "Run as root, or choose a group that you are in and yourself as the owner.",
      error,
    );
  }
  return own;
}

/**
 * Stops listening and removes the socket, unless another file has taken its place. libuv removes whatever has the name
 * when a server closes, so what isn't ours has to step aside for that moment.
 */
export function stopListening(server: Server, path: string, own: Identity): void {
  const aside = join(dirname(path), `.scxkit-${process.pid}-${own.ino}`);
  let moved = false;
  try {
    const found = identify(path);
    if (found !== undefined && !same(found, own)) {
      renameSync(path, aside);
      moved = true;
    }
  } catch {
    // Then the folder isn't ours to write to, and libuv can't remove anything either.
  }
  server.close();
  if (moved) guard(path, () => renameSync(aside, path));
}

interface Probed {
  readonly state: "live" | "stale" | "free" | string;
  /** The process that called listen(). */
  readonly owner?: string;
}

/** What comes of asking a socket: somebody accepts, nobody does, it isn't there; or the reason why it can't be told. */
function probe(path: string): Promise<Probed> {
  return new Promise((done) => {
    const socket = createConnection({ path });
    const finish = (probed: Probed) => {
      socket.destroy();
      done(probed);
    };
    const states: Record<string, string> = { ECONNREFUSED: "stale", ENOENT: "free", EAGAIN: "live" };
    socket.once("connect", () => {
      const { pid } = peerOf(socket);
      finish({ state: "live", ...(pid > 0 && { owner: processName(pid) }) });
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      finish({ state: states[error.code ?? ""] ?? error.message });
    });
  });
}

/** One by one, as mkdirSync's `recursive` never returns where nothing can be made (Node 20 in /proc). */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  guard(folder, () => {
    for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) missing.push(at);
  });
  for (const made of missing.reverse()) {
    guard(made, () => {
      try {
        mkdirSync(made);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return; // Somebody else was quicker.
        throw error;
      }
      // Whatever the umask: clients in the socket's group have to get through.
      chmodSync(made, 0o755);
    });
  }
}

function identify(path: string): Stats | undefined {
  return guard(path, () => lstatSync(path, { throwIfNoEntry: false }));
}

function same(a: Identity, b: Identity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

function kindOf(stats: Stats): string {
  if (stats.isSymbolicLink()) return "a symbolic link";
  if (stats.isDirectory()) return "a folder";
  return stats.isFile() ? "a regular file" : "a special file";
}

function withUmask(mask: number): () => void {
  try {
    const before = process.umask(mask);
    return () => process.umask(before);
  } catch {
    return () => {};
  }
}

function guard<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw listenError(path, error);
  }
}

function listenError(path: string, error: unknown): ScxError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return inUse(`A server took ${path} a moment ago`);
  if (code === "ENOTDIR")
    return pathError("listen", `${path} leads through a file that is not a folder`, undefined, error);
  const remedy =
    code === "EACCES" || code === "EPERM" || code === "EROFS"
      ? "Run as a user who may write there (root for /var/run), or choose another path."
      : undefined;
  return pathError("listen", `${path} can't be used: ${reasonOf(error)}`, remedy, error);
}

function reasonOf(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}
