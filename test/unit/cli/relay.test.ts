// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { StatsClient } from "../../../src/protocol/client.js";
import { StatsServer } from "../../../src/protocol/server.js";
import { clusterTarget, scratch } from "../protocol/peer.js";
import { scxkit, start } from "./started.js";

let folder: string;
let from: string;
let socket: string;
let file: string;
beforeEach(() => {
  folder = scratch(onTestFinished);
  [from, socket, file] = [join(folder, "scheduler"), join(folder, "relay"), join(folder, "record")];
});

const listening = /^info protocol: listening at /m;
const once = async () => (await scxkit("monitor", "--socket", socket, "--once", "--json")).stdout;

async function scheduler(): Promise<void> {
  const server = await StatsServer.listen({ path: from, targets: { top: clusterTarget() } });
  onTestFinished(() => server.close());
}

test("what is recorded while it is relayed is replayed where no scheduler runs", async () => {
  await scheduler();
  const relay = start("relay", "-v", "--from", from, "--socket", socket, "--socket-mode", "600", "--record", file);
  await relay.until(listening);
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  const seen = await once();
  expect(seen).toMatch(/^\{"at":12345,.*\}\n$/);
  await expect.poll(() => readFileSync(file, "utf8")).toMatch(/"req":"stats"\}.*\n$/);
  relay.child.kill("SIGINT");
  expect(await relay.end).toEqual([0, null]);
  expect(existsSync(socket)).toBe(false);

  const replay = start("replay", "-v", file, "--socket", socket, "--loop");
  await replay.until(listening);
  expect(await once()).toBe(seen);
  expect((await scxkit("monitor", "--socket", socket, "--meta")).stdout).toContain("[ClusterStats]");
  replay.child.kill("SIGTERM");
  expect(await replay.end).toEqual([0, null]);

  // Where it isn't to begin anew, it ends by itself.
  expect(await scxkit("replay", file, "--socket", socket, "--speed", "100")).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
});

test("the socket is whose it is said to be, serves only whom it may, and has one server", async ({ skip }) => {
  skip(process.getuid?.() !== 0, "it takes root to give files away");
  await scheduler();
  const access = ["--socket-mode", "0666", "--socket-owner", "nobody", "--socket-group", "4100"];
  const allow = ["--socket-allow", "user:nobody", "--socket-allow", "group:4100"];
  const relay = start("relay", "-v", "--from", from, "--socket", socket, ...access, ...allow);
  await relay.until(listening);
  const { uid, gid, mode } = statSync(socket);
  expect([uid, gid, mode & 0o777]).toEqual([65534, 4100, 0o666]);
  await using client = await StatsClient.connect(socket);
  await expect(client.request("stats")).rejects.toMatchObject({ errno: 13 });
  const second = await scxkit("relay", "--from", from, "--socket", socket);
  expect(second).toMatchObject({ status: 73, stderr: expect.stringContaining(`: process ${relay.child.pid} (`) });
  relay.child.kill("SIGINT");
  expect(await relay.end).toEqual([0, null]);
  for (const wrong of [
    ["--socket-mode", "888"],
    ["--socket-allow", "nobody"],
    ["--socket-owner", "no-such-user"],
  ])
    expect(await scxkit("relay", "--from", from, "--socket", socket, ...wrong)).toMatchObject({ status: 64 });
});

describe("what is an error", () => {
  test.each([
    ["no socket to serve", ["relay"], 64, "ERR_SCX_USAGE"],
    ["itself", ["relay", "--from", "/tmp/x", "--socket", "/tmp/x"], 64, "ERR_SCX_USAGE"],
    [
      "a file that can't be written",
      ["relay", "--socket", "/tmp/x", "--record", "/nowhere/x"],
      73,
      "ERR_SCX_FILE_WRITE",
    ],
    ["a path too long", ["relay", "--socket", `/tmp/${"x".repeat(120)}`], 73, "ERR_SCX_SOCKET_PATH"],
    ["no recording", ["replay", "/nowhere/x"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["a speed that is none", ["replay", "/nowhere/x", "--speed", "0"], 64, "ERR_SCX_USAGE"],
  ])("%s", async (_, args, status, code) => {
    const result = await scxkit(...args);
    expect(result).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(code) });
  });

  test("a recording that is none", async () => {
    writeFileSync(file, "hello\n");
    const result = await scxkit("replay", file, "--socket", socket);
    expect(result).toMatchObject({
      status: 65,
      stderr: expect.stringContaining(`${file}:1 is not JSON. [ERR_SCX_RECORDING]`),
    });
  });

  test("a socket that somebody serves", async () => {
    await scheduler();
    const result = await scxkit("relay", "--socket", from, "--from", socket);
    expect(result).toMatchObject({ status: 73, stderr: expect.stringContaining("ERR_SCX_SOCKET_IN_USE") });
  });

  test("a disk that is full", async () => {
    await scheduler();
    const result = await scxkit("relay", "--socket", socket, "--from", from, "--record", "/dev/full");
    expect(result).toMatchObject({ status: 73, stderr: expect.stringContaining("ENOSPC") });
  });
});
