// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { expect, it } from "vitest";
import { shippedObject, testObject } from "../objects.js";

/** Mutants of each object (`make fuzz` takes more); the process that opens them must come to its end by itself. */
const mutants = 300;

const objects = [shippedObject("simple"), testObject("count")]
  .map(dirname)
  .flatMap((folder) => readdirSync(folder).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".bpf.o"));

// In processes of their own: a crash of libbpf must not take the test runner along.
it.concurrent.each(objects.map((path) => [basename(path), path] as const))(
  "opens %s's mutants without a crash",
  async (_, path) => {
    const runner = new URL("./damage.ts", import.meta.url).pathname;
    const output = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ["--import", "tsx", runner, path, String(mutants)],
        { timeout: 120_000 },
        (error, stdout) => (error ? reject(new Error(`${error.message} signal ${error.signal}`)) : resolve(stdout)),
      );
    });
    const { opened, refused } = JSON.parse(output) as { opened: number; refused: number };
    expect(opened + refused).toBe(mutants);
    expect(opened).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  },
  130_000,
);
