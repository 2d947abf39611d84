// SPDX-License-Identifier: MIT
// `make run`: the simple scheduler for a few seconds, with a little load to schedule, and one question to its statistics socket
// from beside it. On this machine where its kernel has sched_ext, else in the VM (where this same script then finds one).

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { boot, checkout } from "./boot.js";
import { findKernel } from "./kernel.js";

const SOCKET = "/var/run/scx/root/stats";
const duration = Number(process.env.DURATION || 8);

/** More than an emulated machine takes to boot and to start Node. */
const bootSeconds = 300;

const say = (text: string) => process.stderr.write(`run: ${text}\n`);

/** Why the scheduler can't run on this machine; nothing when it can. */
function obstacle(): string | undefined {
  if (!existsSync("/sys/kernel/sched_ext")) return "this machine's kernel has no sched_ext";
  if (process.getuid?.() !== 0) return "this machine's kernel has sched_ext, but loading a scheduler takes root";
  return undefined;
}

/** Shells that start a process, wait a little, and start the next. */
function startLoad(): ChildProcess[] {
  const busy = "while :; do /bin/true; sleep 0.02; done";
  return [1, 2].map(() => spawn("sh", ["-c", busy], { stdio: "ignore" }));
}

/** One request, one line of reply. Waits for the socket to be there. */
async function ask(request: object): Promise<string> {
  while (!existsSync(SOCKET)) await sleep(100);
  await sleep(2500);
  return new Promise((resolve, reject) => {
    let reply = "";
    const socket = connect(SOCKET, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding("utf8").setTimeout(10_000, () => socket.destroy(new Error("no reply in 10 s")));
    socket.on("data", (text: string) => {
      reply += text;
      if (reply.includes("\n")) socket.end();
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(reply.trimEnd()));
  });
}

async function runHere(): Promise<number> {
  const load = startLoad();
  const scheduler = spawn(
    process.execPath,
    ["dist/cli/main.js", "run", "simple", "--stats", "1", "--duration", String(duration)],
    { cwd: checkout, stdio: "inherit" },
  );
  const ended = new Promise<number>((resolve) => {
    scheduler.once("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
  // A terminal's Ctrl-C reaches the scheduler too, and it is the one to end the run; other signals are passed on.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => scheduler.kill("SIGTERM"));
  const request = { req: "stats" };
  const question = ask(request).then(
    (reply) => {
      console.log(`\n${JSON.stringify(request)} on ${SOCKET}:\n${reply}\n`);
      return 0;
    },
    (error: Error) => {
      say(`the socket did not answer: ${error.message}`);
      return 1;
    },
  );
  const status = await ended;
  for (const shell of load) shell.kill("SIGKILL");
  // A run that was too short to be asked isn't one that failed to answer.
  return status || (await Promise.race([question, sleep(500, 0)]));
}

const why = obstacle();
try {
  if (why === undefined) {
    say(`on this kernel, which has sched_ext, for ${duration} s`);
    process.exit(await runHere());
  }
  say(`in the VM: ${why}`);
  process.exitCode = await boot({
    command: `DURATION=${duration} node --import tsx test/vm/run.ts`,
    kernel: findKernel(process.env.KERNEL),
    timeout: duration + bootSeconds,
  });
} catch (error) {
  say((error as Error).message);
  process.exitCode = 70;
}
