// SPDX-License-Identifier: MIT
// Peers that are Go modules: a program of a few lines here, built by Go with what its go.sum names.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cachedFolder, type Missing, run } from "./peer.js";

/** The path of the program that the folder of that name holds the source of, or why there is none here. */
export async function goProgram(name: string): Promise<{ program: string } | Missing> {
  const go = await run("go", ["version"]);
  const minor = Number(/go1\.(\d+)/.exec(go.stdout)?.[1] ?? 0);
  if (minor < 23) return { missing: `the ${name} needs Go 1.23 or newer` };
  const source = join(import.meta.dirname, name);
  const files = ["main.go", "go.mod", "go.sum"].map((file) => readFileSync(join(source, file)));
  const id = createHash("sha256").update(Buffer.concat(files)).digest("hex").slice(0, 12);
  const got = await cachedFolder(`${name}-${id}`, async (folder) => {
    const built = await run("go", ["build", "-o", join(folder, name), "."], { cwd: source });
    if (built.status === 0) return undefined;
    const last = built.stderr.trim().split("\n").at(-1);
    if (/proxy|dial|lookup|no such host|timeout/i.test(built.stderr)) return { missing: `Go can't fetch it: ${last}` };
    throw new Error(`go build failed:\n${built.stderr}`);
  });
  return "missing" in got ? got : { program: join(got.folder, name) };
}
