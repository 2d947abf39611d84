// SPDX-License-Identifier: MIT
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { onTestFinished } from "vitest";
import { cli } from "../../objects.js";

/** What came of a command. */
export interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end. */
export const scxkit = (...args: string[]): Promise<Result> =>
  new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

/** A command that runs on. */
export interface Started {
  child: ChildProcess;
  /** Waits until what it has said, on stdout or stderr, is as wanted; gives all of it. */
  until(wanted: RegExp): Promise<string>;
  /** Its status and the signal that ended it. */
  end: Promise<[status: number | null, signal: string | null]>;
}

/** Starts the command; it ends with the test. */
export function start(...args: string[]): Started {
  const child = spawn(process.execPath, [cli, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  let wake = () => {};
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
      wake();
    });
  const until = async (wanted: RegExp) => {
    while (!wanted.test(text))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return text;
  };
  return { child, until, end: new Promise((resolve) => child.once("close", (...how) => resolve(how))) };
}
