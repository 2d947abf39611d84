// SPDX-License-Identifier: MIT
// What the peers of these tests have in common: each is fetched into the user's cache when the first test needs it, and runs
// as a child process.

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { cacheFolder } from "../vm/cache.js";

/** Why a peer can't be had on this machine; a test that needs it is skipped with this. */
export interface Missing {
  missing: string;
}

/** A command's end and what it printed. */
interface Ended<Output> {
  status: number | null;
  stdout: Output;
  stderr: string;
}

/** Runs a command to its end; status 127 when there is none of that name. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<Ended<string>> {
  const { stdout, ...rest } = await runBytes(command, args, options);
  return { ...rest, stdout: stdout.toString() };
}

interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** On its stdin. */
  input?: Buffer;
}

/** The same for one that prints no text. */
export function runBytes(
  command: string,
  args: string[],
  { input, ...options }: RunOptions = {},
): Promise<Ended<Buffer>> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
    const out: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", ({ message }) => resolve({ status: 127, stdout: Buffer.alloc(0), stderr: message }));
    child.once("close", (status) => resolve({ status, stdout: Buffer.concat(out), stderr }));
    child.stdin.on("error", () => {}).end(input);
  });
}

/**
 * A folder of the cache, made by `fill` the first time: under another name, which becomes its own when all is there, so that
 * neither a fetch that was cut off nor two at a time leave half a folder.
 * @param fill puts everything into the folder, or says why that can't be
 */
export async function cachedFolder(
  name: string,
  fill: (folder: string) => Promise<Missing | undefined>,
): Promise<{ folder: string } | Missing> {
  const folder = join(cacheFolder, name);
  if (existsSync(folder)) return { folder };
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    process.stderr.write(`interop: fetching ${name} into ${cacheFolder}\n`);
    const missing = await fill(work);
    if (missing) return missing;
    try {
      renameSync(work, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
    return { folder };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A running peer. */
export interface Peer {
  readonly pid: number;
  /** Ends it at once, and resolves when it has ended. */
  kill(): Promise<void>;
}

/**
 * Starts a peer, and resolves when it has said that it is ready.
 * @param ready finds that in all it has printed so far; what it gives is passed on
 * @param onLine gets each line of its stdout
 * @throws Error with the gist of what it printed, when it ends before or takes too long
 */
export function startPeer<T>(
  command: string,
  args: string[],
  ready: (output: string) => T | undefined | null,
  { onLine, ...options }: SpawnOptions & { onLine?: (line: string) => void } = {},
): Promise<{ peer: Peer; found: T }> {
  const child: ChildProcess = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const kill = () => {
    child.kill("SIGKILL");
    return closed;
  };
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string) => {
      clearTimeout(deadline);
      reject(new Error(`${command} ${why}:\n${gist(output)}`));
      void kill();
    };
    const deadline = setTimeout(fail, 120_000, "isn't ready after 120 s");
    let over = false;
    const look = (text: string) => {
      // It goes on printing; here nobody reads that.
      if (over) return;
      output += text;
      const found = ready(output);
      if (found === undefined || found === null) return;
      over = true;
      clearTimeout(deadline);
      resolve({ peer: { pid: child.pid ?? 0, kill }, found });
    };
    child.stdout?.setEncoding("utf8").on("data", look);
    if (onLine && child.stdout) createInterface(child.stdout).on("line", onLine);
    child.stderr?.setEncoding("utf8").on("data", look);
    child.once("error", ({ message }) => fail(`can't be started: ${message}`));
    child.once("exit", (status, signal) => !over && fail(`ended with ${signal ?? status}`));
  });
}

/** Of what may be thousands of lines: those that tell of errors, else the last ones. */
function gist(output: string): string {
  const lines = output.trimEnd().split("\n");
  const telling = lines.filter((line) => /\berror\b|^caused by/i.test(line));
  return (telling.length > 0 ? telling : lines).slice(-20).join("\n");
}
