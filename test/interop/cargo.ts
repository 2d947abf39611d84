// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const target = join(root, "build/interop");

/** The least Rust that crate scx_stats 1.1.4 is made for. */
const leastRust = [1, 91] as const;

/** What cargo says when it can't have the crates, as opposed to: when the program is wrong. */
const unreachable =
  /failed to (download|get|fetch|load source)|spurious network|could not resolve|unable to update|timed? ?out|offline/i;

/** The built program, or why there is none here. @throws Error when it doesn't compile. */
export async function buildPeer(
  profile: "debug" | "release" = "debug",
): Promise<{ program: string } | { missing: string }> {
  const cargo = spawnSync("cargo", ["--version"], { encoding: "utf8" });
  if (cargo.error !== undefined || cargo.status !== 0) return { missing: "cargo is not installed" };
  const [, major, minor] = /cargo (\d+)\.(\d+)/.exec(cargo.stdout)?.map(Number) ?? [];
  if (major === leastRust[0] && (minor ?? 0) < leastRust[1]) {
    return { missing: `${cargo.stdout.trim()} is too old, scx_stats needs ${leastRust.join(".")}` };
  }
  const { status, stderr } = await run("cargo", [
    "build",
    "--target-dir",
    target,
    ...(profile === "release" ? ["--release"] : []),
  ]);
  if (status === 0) return { program: join(target, profile, "interop") };
  if (unreachable.test(stderr)) return { missing: `the crates can't be fetched: ${stderr.trim().split("\n").at(-1)}` };
  throw new Error(`cargo build failed:\n${stderr}`);
}

function run(command: string, args: string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: import.meta.dirname, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stderr }));
  });
}

/** Runs the peer in a mode that answers each line of input with a line, and gives those lines. */
export function askPeer(program: string, args: string[], lines: string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const out: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) resolve(Buffer.concat(out).toString().trimEnd().split("\n"));
      else reject(new Error(`${program} ${args.join(" ")}: status ${status}\n${stderr}`));
    });
    child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  });
}

/**
 * Starts the peer as a server. It ends when `stop` is called.
 * @param kind `nan`: a float of it is none; `first`: of upstream's first release
 */
export function servePeer(
  program: string,
  path: string,
  kind: "server" | "nan" | "first" = "server",
): Promise<{ stop(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [kind, path], { stdio: ["pipe", "pipe", "inherit"] });
    const closed = new Promise<void>((done) => child.once("close", () => done()));
    child.once("error", reject);
    child.once("exit", (status) => reject(new Error(`${program} server: status ${status}`)));
    const stop = () => {
      child.stdin.end();
      return closed;
    };
    child.stdout.once("data", () => resolve({ stop }));
  });
}
