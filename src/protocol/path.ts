// SPDX-License-Identifier: MIT
import { chmodSync, lstatSync, mkdirSync, renameSync, type Stats, statSync, unlinkSync } from "node:fs";
import { createConnection, type Server } from "node:net";
import { dirname, join, resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { ScxError, type ScxErrorCode } from "../error.js";

/** Where upstream's tools look for the statistics of the running scheduler. */
export const defaultSocketPath = "/var/run/scx/root/stats";

/** `sun_path` less its final NUL. Node cuts what is longer without a word. */
const maxPathBytes = 107;

/** A file's identity, while it exists. */
type Identity = Pick<Stats, "dev" | "ino">;

/** The absolute form of a socket's path. @throws ScxError ERR_SCX_SOCKET_PATH when no socket can have it. */
export function checkSocketPath(path: string, op: string): string {
  if (path === "" || path.includes("\0")) throw pathError(op, `"${path}" can't be a socket's path`);
  const absolute = resolve(path);
  const bytes = Buffer.byteLength(absolute);
  if (bytes > maxPathBytes) {
    throw pathError(op, `A socket's path has at most ${maxPathBytes} bytes, ${absolute} has ${bytes}`);
  }
  return absolute;
}

/**
 * Makes way for a socket at a path: creates its folder (0755), removes a socket that nobody listens on any more. Nothing
 * else is ever removed, and no symlink followed.
 *
 * @throws ScxError ERR_SCX_SOCKET_IN_USE when something else, or a live server, stands there; ERR_SCX_SOCKET_PATH when
 * the folder can't be used.
 */
export async function clearWay(path: string): Promise<void> {
  makeFolder(dirname(path));
  const found = identify(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw inUse(`${path} is ${kindOf(found)}, not a socket`);
  const state = await probe(path);
  if (state === "free") return;
  if (state !== "stale")
    throw inUse(state === "live" ? `A server listens at ${path}` : `${path} can't be asked: ${state}`);
  // Somebody else may have come first meanwhile: only what was found dead goes, and binding fails if a name is left.
  const now = identify(path);
  if (now === undefined || !same(now, found)) return;
  guard(path, () => unlinkSync(path));
}

/**
 * Lets a server listen at a cleared path, with exactly these permissions from the first moment on: the umask does that,
 * or, in a worker thread where it can't be set, chmod right after.
 */
export async function listenAt(server: Server, path: string, mode: number): Promise<Identity> {
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
  try {
    await listening;
  } catch (error) {
    throw listenError(path, error);
  }
  const own = lstatSync(path);
  if ((own.mode & 0o777) !== mode) chmodSync(path, mode);
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

/** What comes of asking a socket: somebody accepts, nobody does, it isn't there; or the reason why it can't be told. */
function probe(path: string): Promise<"live" | "stale" | "free" | string> {
  return new Promise((done) => {
    const socket = createConnection({ path });
    const finish = (state: string) => {
      socket.destroy();
      done(state);
    };
    const states: Record<string, string> = { ECONNREFUSED: "stale", ENOENT: "free", EAGAIN: "live" };
    socket.once("connect", () => finish("live"));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(states[error.code ?? ""] ?? error.message));
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
  const { code, errno, message } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") return inUse(`A server took ${path} a moment ago`);
  if (code === "ENOTDIR")
    return pathError("listen", `${path} leads through a file that is not a folder`, undefined, error);
  const why = getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
  const remedy =
    code === "EACCES" || code === "EPERM" || code === "EROFS"
      ? "Run as a user who may write there (root for /var/run), or choose another path."
      : undefined;
  return pathError("listen", `${path} can't be used: ${why}`, remedy, error);
}

function pathError(op: string, message: string, remedy?: string, cause?: unknown): ScxError {
  return socketError(
    "ERR_SCX_SOCKET_PATH",
    op,
    message,
    remedy ?? `Choose another path, such as ${defaultSocketPath}.`,
    cause,
  );
}

function inUse(message: string): ScxError {
  const remedy = "Stop what uses it, remove it if it is left over, or choose another path.";
  return socketError("ERR_SCX_SOCKET_IN_USE", "listen", message, remedy);
}

function socketError(code: ScxErrorCode, op: string, message: string, remedy: string, cause?: unknown): ScxError {
  const errno = Math.abs((cause as NodeJS.ErrnoException | undefined)?.errno ?? 0) || undefined;
  return new ScxError(code, { op, message: `${message}.`, remedy, errno, cause });
}
