// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { StatsServer } from "../../../src/protocol/server.js";
import { FakeSampler, RawPeer, scratch, stats } from "./peer.js";

const sampler = new FakeSampler();
const listen = (path: string) => StatsServer.listen({ path, sampler });
const fails = (path: string, code: string, message = /./) =>
  expect(listen(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });

/** Leaves a socket that nobody listens on, as a killed server does. */
function leaveStale(path: string): void {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
  spawnSync(process.execPath, ["-e", script]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

async function otherServer(path: string): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).end("other\n")).listen(path);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return server;
}

test("mode 0660 whatever the umask, folders 0755, the umask as before", async () => {
  const folder = scratch(onTestFinished);
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  const umask = vi.spyOn(process, "umask");
  onTestFinished(() => umask.mockRestore());
  const server = await listen(join(folder, "scx", "root", "stats"));
  // From its first moment on, not only by the time we look.
  expect(umask.mock.calls).toEqual([[0o117], [0o077]]);
  expect(process.umask()).toBe(0o077);
  expect(lstatSync(server.path).mode & 0o7777).toBe(0o660);
  for (const made of ["scx", "scx/root"]) expect(statSync(join(folder, made)).mode & 0o7777).toBe(0o755);
  await server.close();
  expect(existsSync(server.path)).toBe(false);
  expect(existsSync(join(folder, "scx/root"))).toBe(true);
});

test("folders that exist keep their mode", async () => {
  const folder = join(scratch(onTestFinished), "mine");
  mkdirSync(folder, { mode: 0o700 });
  await using _server = await listen(join(folder, "stats"));
  expect(statSync(folder).mode & 0o7777).toBe(0o700);
});

test("another mode, and a path relative to the working directory", async () => {
  const folder = scratch(onTestFinished);
  const server = await StatsServer.listen({ path: join(folder, ".", "x", "..", "stats"), sampler, mode: 0o600 });
  expect(server.path).toBe(join(folder, "stats"));
  expect(lstatSync(server.path).mode & 0o7777).toBe(0o600);
  await server.close();
});

test("107 bytes are a path, 108 are none; bytes count, not characters", async () => {
  const folder = scratch(onTestFinished);
  const fill = (bytes: number, by: string) =>
    join(folder, by.repeat((bytes - folder.length - 1) / Buffer.byteLength(by)));
  const server = await listen(fill(107, "s"));
  expect(existsSync(server.path)).toBe(true);
  await server.close();
  await fails(fill(108, "s"), "ERR_SCX_SOCKET_PATH", /107 bytes.*108/);
  const wide = `${folder}/${"ä".repeat(50)}`;
  expect(wide.length).toBeLessThan(108);
  await fails(wide, "ERR_SCX_SOCKET_PATH");
  await fails("", "ERR_SCX_SOCKET_PATH");
  await fails("\0abstract", "ERR_SCX_SOCKET_PATH");
  for (const none of [undefined, 5]) await fails(none as never, "ERR_SCX_SOCKET_PATH", /can't be a socket's path/);
});

test("a live server is left alone, be it ours or any other", async () => {
  const folder = scratch(onTestFinished);
  const first = await listen(join(folder, "ours"));
  await fails(first.path, "ERR_SCX_SOCKET_IN_USE", /listens/);
  expect(await (await RawPeer.connect(first.path)).ask(stats("top"))).toContain('"errno":0');
  await first.close();
  const other = join(folder, "other");
  await otherServer(other);
  await fails(other, "ERR_SCX_SOCKET_IN_USE");
  expect(await (await RawPeer.connect(other)).line()).toBe("other");
});

test("a socket left behind by a killed server is taken over", async () => {
  const path = join(scratch(onTestFinished), "stats");
  leaveStale(path);
  const server = await listen(path);
  expect(await (await RawPeer.connect(path)).ask(stats("top"))).toContain('"errno":0');
  await server.close();
  expect(existsSync(path)).toBe(false);
});

test("a server that takes a dead socket's place while we look at that is left alone", async () => {
  const folder = scratch(onTestFinished);
  for (let i = 0; i < 20; i++) {
    const path = join(folder, `stats${i}`);
    leaveStale(path);
    const { ino } = lstatSync(path);
    // By now it has been asked, and told us that nobody listens.
    const listening = listen(path);
    unlinkSync(path);
    const other = createServer((socket) => socket.on("error", () => {}).end("other\n")).listen(path);
    onTestFinished(() => void other.close());
    await expect(listening).rejects.toMatchObject({ code: "ERR_SCX_SOCKET_IN_USE" });
    expect(await (await RawPeer.connect(path)).line()).toBe("other");
    // That the kernel gave it the same number is what this is about.
    if (lstatSync(path).ino === ino) return;
  }
});

test("files, folders and symlinks are never followed or removed", async () => {
  const folder = scratch(onTestFinished);
  const at = (name: string) => join(folder, name);
  writeFileSync(at("file"), "precious");
  mkdirSync(at("folder"));
  leaveStale(at("stale"));
  symlinkSync(at("stale"), at("link"));
  symlinkSync(at("nothing"), at("dangling"));
  await fails(at("file"), "ERR_SCX_SOCKET_IN_USE", /regular file/);
  await fails(at("folder"), "ERR_SCX_SOCKET_IN_USE", /a folder/);
  await fails(at("link"), "ERR_SCX_SOCKET_IN_USE", /symbolic link/);
  await fails(at("dangling"), "ERR_SCX_SOCKET_IN_USE", /symbolic link/);
  expect(statSync(at("file")).size).toBe(8);
  expect(lstatSync(at("folder")).isDirectory()).toBe(true);
  expect(readlinkSync(at("link"))).toBe(at("stale"));
  expect(lstatSync(at("stale")).isSocket()).toBe(true);
  expect(existsSync(at("nothing"))).toBe(false);
});

test("a folder that can't be one has an error with its errno and a remedy", async () => {
  const folder = scratch(onTestFinished);
  writeFileSync(join(folder, "file"), "");
  await expect(listen(join(folder, "file", "stats"))).rejects.toMatchObject({
    code: "ERR_SCX_SOCKET_PATH",
    message: expect.stringMatching(/not a folder/),
  });
  await expect(listen("/proc/scx/stats")).rejects.toMatchObject({ code: "ERR_SCX_SOCKET_PATH", remedy: /./ });
});

test("without permission: EACCES, and who may", async ({ skip }) => {
  skip(process.getuid?.() !== 0, "it takes root to become somebody without permission");
  const folder = join(scratch(onTestFinished), "closed");
  mkdirSync(folder, { mode: 0o755 });
  process.seteuid?.(65534);
  try {
    await expect(listen(join(folder, "stats"))).rejects.toMatchObject({
      code: "ERR_SCX_SOCKET_PATH",
      errno: 13,
      remedy: expect.stringMatching(/root/),
    });
  } finally {
    process.seteuid?.(0);
  }
});

test("at the end only our own socket is removed", async () => {
  const folder = scratch(onTestFinished);
  const path = join(folder, "stats");
  const replaced = await listen(path);
  renameSync(path, join(folder, "moved"));
  await otherServer(path);
  const { ino } = lstatSync(path);
  await replaced.close();
  expect(lstatSync(path).ino).toBe(ino);
  expect(await (await RawPeer.connect(path)).line()).toBe("other");

  const overwritten = await listen(join(folder, "second"));
  renameSync(overwritten.path, join(folder, "moved too"));
  writeFileSync(overwritten.path, "somebody's");
  await overwritten.close();
  expect(statSync(overwritten.path).size).toBe(10);

  const gone = await listen(join(folder, "third"));
  renameSync(gone.path, join(folder, "moved as well"));
  await gone.close();
  expect(existsSync(gone.path)).toBe(false);
});

test("await using closes; a path can be used again at once", async () => {
  const path = join(scratch(onTestFinished), "stats");
  for (let i = 0; i < 3; i++) {
    await using server = await listen(path);
    expect(server.connections).toBe(0);
  }
  expect(existsSync(path)).toBe(false);
});

test("in a worker thread, where the umask can't be set, the mode is the same", async () => {
  const umask = vi.spyOn(process, "umask").mockImplementation(() => {
    throw Object.assign(new TypeError("process.umask() with an argument is not supported in workers"), {
      code: "ERR_WORKER_UNSUPPORTED_OPERATION",
    });
  });
  onTestFinished(() => umask.mockRestore());
  const server = await listen(join(scratch(onTestFinished), "stats"));
  expect(umask).toHaveBeenCalled();
  expect(lstatSync(server.path).mode & 0o7777).toBe(0o660);
  await server.close();
});
