// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { describe, expect, it } from "vitest";
import { findingLines, statusOfFindings } from "../../../src/cli/doctor.js";
import { type Finding, ok, problem, warning } from "../../../src/kernel/finding.js";
import { cli } from "../../objects.js";

const doctor = (args: string[], env: object = {}) =>
  new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { ...process.env, ...env } };
    execFile(process.execPath, [cli, "doctor", ...args], options, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

it("aligns lines, a remedy under its problem", () => {
  expect(
    [ok("cpus", "2 online of 2 possible"), problem("capabilities", "CAP_BPF missing", "Run it as root.")].flatMap(
      findingLines,
    ),
  ).toEqual([
    "ok       cpus          2 online of 2 possible",
    "problem  capabilities  CAP_BPF missing",
    "                       Run it as root.",
  ]);
});

describe("status", () => {
  const privilege = problem("capabilities", "none", "Be root.");
  const socket = warning("socket", "not ours", "Choose another.");
  const kernel = problem("sched_ext", "none", "Boot another.");
  it.each<[string, number, Finding[]]>([
    ["all is well", 0, [ok("cpus", "2")]],
    ["warnings", 0, [socket]],
    ["no privilege", 77, [socket, privilege]],
    ["no sched_ext", 69, [kernel]],
    ["neither", 69, [privilege, kernel]],
  ])("%s: %i", (_, status, findings) => {
    expect(statusOfFindings(findings)).toBe(status);
  });
});

describe("scxkit doctor", () => {
  it("--json says the same as the lines, on any machine", async () => {
    const [lines, json] = await Promise.all([doctor([]), doctor(["--json"])]);
    const findings = json.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Finding);
    expect(lines.stdout).toBe(`${findings.flatMap(findingLines).join("\n")}\n`);
    expect(lines.stderr + json.stderr).toBe("");
    expect(lines.status).toBe(statusOfFindings(findings));
    expect(json.status).toBe(lines.status);
  });

  it("works without the addon, and says so", async () => {
    const { status, stdout, stderr } = await doctor([], { SCXKIT_ADDON: "/nowhere.node" });
    expect(stdout).toMatch(/^problem {2}libbpf {8}The native addon can't be loaded.*\n {23}.*make build/m);
    expect({ status, stderr }).toEqual({ status: 69, stderr: "" });
  });

  it("has its statuses in its help, and is in scxkit's", async () => {
    const { stdout } = await doctor(["--help"]);
    for (const text of ["--json", " 0  nothing", "69  ", "77  "]) expect(stdout).toContain(text);
    const help = await new Promise<string>((resolve) => {
      execFile(process.execPath, [cli, "--help"], (_, text) => resolve(text));
    });
    expect(help).toMatch(/^ {2}doctor /m);
  });

  it("takes no arguments", async () => {
    expect(await doctor(["simple"])).toMatchObject({ status: 64, stdout: "" });
  });
});
