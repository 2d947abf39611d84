// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, linkSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { StatsServer } from "../../../src/protocol/server.js";
import { FakeSampler, RawPeer, scratch } from "./peer.js";

interface Racer {
  readonly pid: number;
  /** Sends a line, and gives the one that answers it. */
  ask(line: string): Promise<string>;
}

async function startRacer(): Promise<Racer> {
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "racer.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const lines = createInterface(child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]();
  const next = async () => (await lines.next()).value as string;
  expect(await next()).toBe("ready");
  return {
    pid: child.pid as number,
    ask: (line) => {
      child.stdin?.write(`${line}\n`);
      return next();
    },
  };
}

/** A second name for a socket, which stays behind dead when that is closed. */
async function leaveStale(folder: string, path: string): Promise<void> {
  const dead = createServer().listen(join(folder, "dead"));
  await once(dead, "listening");
  linkSync(join(folder, "dead"), path);
  await new Promise((resolve) => dead.close(resolve));
}

test("of many that start at once exactly one wins, at a free path and at a dead socket; the others name it", async () => {
  const folder = scratch(onTestFinished);
  const racers = await Promise.all(Array.from({ length: 6 }, startRacer));
  for (let round = 0; round < 60; round++) {
    const path = join(folder, "stats");
    if (round % 3 > 0) await leaveStale(folder, path);
    // A lock that a killed process left behind is in nobody's way.
    if (round % 3 === 2) writeFileSync(join(folder, ".stats.lock"), "");
    const outcomes = await Promise.all(racers.map(async (racer) => ({ racer, said: await racer.ask(path) })));
    const winners = outcomes.filter(({ said }) => said === "won");
    expect(winners.length).toBe(1);
    const winner = winners[0]?.racer as Racer;
    const peer = await RawPeer.connect(path);
    expect(await peer.ask('{"req":"stats"}\n')).toBe(`{"errno":0,"args":{"resp":${winner.pid}}}`);
    peer.socket.destroy();
    for (const { said } of outcomes)
      if (said !== "won") expect(said).toBe(`A server listens at ${path}: process ${winner.pid} (node).`);
    for (const racer of racers) expect(await racer.ask("")).toBe("closed");
    expect(readdirSync(folder)).toEqual([]);
  }
}, 120_000);

test("two in one process", async () => {
  const path = join(scratch(onTestFinished), "stats");
  const both = [1, 2].map(() => StatsServer.listen({ path, sampler: new FakeSampler() }));
  const settled = await Promise.allSettled(both);
  expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  for (const one of settled) {
    if (one.status === "fulfilled") await one.value.close();
    else expect(one.reason).toMatchObject({ code: "ERR_SCX_SOCKET_IN_USE" });
  }
  expect(existsSync(path)).toBe(false);
});
