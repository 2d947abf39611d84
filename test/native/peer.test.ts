// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { native } from "../../src/native/index.js";
import { peerOf } from "../../src/protocol/peer.js";

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(path: string): number {
  const fd = openSync(path, "a");
  onTestFinished(() => {
    try {
      closeSync(fd);
    } catch {
      // The test has closed it.
    }
  });
  return fd;
}

test("the same at both ends of a connection of our own", async () => {
  const server = createServer().listen(join(scratch(), "socket"));
  await once(server, "listening");
  const client = createConnection(server.address() as string);
  const [[accepted]] = await Promise.all([once(server, "connection"), once(client, "connect")]);
  const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.(), groups: expect.any(Array) };
  expect(peerOf(accepted)).toEqual(own);
  expect(peerOf(client)).toEqual(own);
  client.destroy();
  server.close();
});

test("of what is no socket, or nothing: the call and its errno", () => {
  const file = open(join(scratch(), "file"));
  expect(() => native.peerCredentials(file)).toThrow(expect.objectContaining({ call: "getsockopt", errno: 88 }));
  expect(() => native.peerCredentials(-1)).toThrow(expect.objectContaining({ call: "getsockopt", errno: 9 }));
  expect(() => native.tryLock(-1)).toThrow(expect.objectContaining({ call: "flock", errno: 9 }));
});

test("a lock is one holder's until it is closed", () => {
  const path = join(scratch(), "lock");
  const [one, two] = [open(path), open(path)];
  expect([native.tryLock(one), native.tryLock(one), native.tryLock(two)]).toEqual([true, true, false]);
  closeSync(one);
  expect(native.tryLock(two)).toBe(true);
});
