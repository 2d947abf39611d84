// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { generateModule } from "../../../src/gen/module.js";
import { cli, shippedObject, testObject } from "../../objects.js";

const folder = mkdtempSync(join(tmpdir(), "scxkit-gen-"));
const gen = (...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [cli, "gen", ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

it("writes to stdout, the same for a name, its path, and from anywhere", async () => {
  const text = await generateModule(shippedObject("simple"));
  expect(text).toContain('from "scxkit";');
  for (const args of [["simple"], ["simple", "-o", "-"], [shippedObject("simple"), "--import", "scxkit"]])
    expect(await gen(...args)).toEqual({ status: 0, stdout: text, stderr: "" });
});

it("writes a file, in place of what stood there", async () => {
  const file = join(folder, "count.ts");
  writeFileSync(file, "longer\n".repeat(10_000));
  const options = { path: "./count.bpf.o", library: "../index.js" };
  const result = await gen(testObject("count"), "-o", "count.ts", "--path", options.path, "--import", options.library);
  expect(result).toEqual({ status: 0, stdout: "", stderr: "" });
  const text = readFileSync(file, "utf8");
  expect(text).toBe(await generateModule(testObject("count"), options));
  expect(text).toContain('path = fileURLToPath(new URL("./count.bpf.o", import.meta.url)),');
  expect(text).toContain('from "../index.js";');
});

it.each([
  ["no such file", ["/nowhere/x.bpf.o"], 66, "ERR_SCX_FILE_NOT_FOUND"],
  ["no such name", ["nothing"], 66, "ERR_SCX_FILE_NOT_FOUND"],
  ["no BPF object", ["/bin/ls", "-o", "kept.ts"], 65, "ERR_SCX_NOT_BPF_OBJECT"],
  ["a folder that isn't there", ["simple", "-o", "nowhere/simple.ts"], 73, "ERR_SCX_FILE_WRITE"],
  ["a folder", ["simple", "-o", "."], 73, "ERR_SCX_FILE_WRITE"],
  ["no argument", [], 64, "ERR_SCX_USAGE"],
  ["an unknown option", ["simple", "--nothing"], 64, "ERR_SCX_USAGE"],
])("%s", async (_, args, status, code) => {
  writeFileSync(join(folder, "kept.ts"), "kept");
  const result = await gen(...args);
  expect(result).toMatchObject({ status, stdout: "" });
  expect(result.stderr).toMatch(new RegExp(`^scxkit: .+ \\[${code}\\]\\n  .+\\n$`));
  expect(readFileSync(join(folder, "kept.ts"), "utf8")).toBe("kept");
  expect(existsSync(join(folder, "nowhere"))).toBe(false);
});

it("has help", async () => {
  const { status, stdout } = await gen("--help");
  expect(status).toBe(0);
  for (const text of ["<object|name>", "-o, --output", "--path", "--import", "-v", "--log", "73  a socket or file"])
    expect(stdout).toContain(text);
});
