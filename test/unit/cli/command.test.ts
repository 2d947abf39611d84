// SPDX-License-Identifier: MIT
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { statuses } from "../../../src/cli/status.js";
import { StatsServer } from "../../../src/protocol/server.js";
import { checkout, cli, testObject } from "../../objects.js";
import { FakeSampler } from "../protocol/peer.js";
import { scxkit } from "./started.js";

const folder = mkdtempSync(join(tmpdir(), "scxkit-cli-"));
const text = join(folder, "text.bpf.o");
writeFileSync(text, "hello");

/** One line of cause with the code, one line of remedy, nothing else. */
const twoLines = (code: string) => new RegExp(`^scxkit: .+ \\[${code}\\]\\n  .+\\n$`);

describe("what doesn't reach the kernel", () => {
  it.each([
    ["no such file", ["run", "/nowhere/x.bpf.o"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["no such name", ["run", "nothing"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["a folder", ["run", "/tmp/"], 65, "ERR_SCX_NOT_BPF_OBJECT"],
    ["no ELF", ["run", text], 65, "ERR_SCX_NOT_BPF_OBJECT"],
    ["an ELF for another machine", ["run", "/bin/ls"], 65, "ERR_SCX_NOT_BPF_OBJECT"],
    ["no scheduler", ["run", testObject("count")], 65, "ERR_SCX_NO_STRUCT_OPS"],
    ["an unknown global", ["run", "simple", "--set", "nothing=1"], 64, "ERR_SCX_GLOBAL_UNKNOWN"],
    ["a global out of range", ["run", "simple", "--set", "slice_us=-1"], 64, "ERR_SCX_VALUE"],
    ["a global of another type", ["run", "simple", "--set", "fifo=maybe"], 64, "ERR_SCX_VALUE"],
    ["a global without a value", ["run", "simple", "--set", "fifo"], 64, "ERR_SCX_USAGE"],
    ["an unknown ops field", ["run", "simple", "--ops", "nothing=1"], 64, "ERR_SCX_OPS_UNKNOWN"],
    ["an ops field out of range", ["run", "simple", "--ops", "timeout_ms=5000000000"], 64, "ERR_SCX_VALUE"],
    ["an unknown flag", ["run", "simple", "--ops", "flags=ENQ_LAST|NOTHING"], 64, "ERR_SCX_VALUE"],
    ["no scheduler chosen", ["run", testObject("two")], 64, "ERR_SCX_USAGE"],
    ["a scheduler that isn't there", ["run", testObject("two"), "--ops-map", "third_ops"], 64, "ERR_SCX_USAGE"],
    ["an array of no length", ["run", testObject("shapes"), "--resize", "marks=x"], 64, "ERR_SCX_VALUE"],
    [
      "no scheduler, though all is set",
      ["run", testObject("shapes"), "--resize", "marks=9", "--set", "marks[8]=1"],
      65,
      "ERR_SCX_NO_STRUCT_OPS",
    ],
    ["a program that isn't there", ["run", "simple", "--program", "nothing=off"], 64, "ERR_SCX_USAGE"],
    [
      "a program's use that isn't one",
      ["run", testObject("companions"), "--program", "companions_exec=x"],
      64,
      "ERR_SCX_USAGE",
    ],
    ["no file of a configuration", ["run", "simple", "--kconfig", "/nowhere/config"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["a dump's file in no folder", ["run", "simple", "--exit-dump", "/nowhere/x"], 73, "ERR_SCX_FILE_WRITE"],
    ["a log's file that is a folder", ["run", "simple", "--verifier-log", "/tmp"], 73, "ERR_SCX_FILE_WRITE"],
    ["no such sink", ["run", "simple", "--to", "nowhere:x"], 64, "ERR_SCX_USAGE"],
    ["a sink's option that isn't one", ["run", "simple", "--to", "jsonl:/tmp/x,keep=-1"], 64, "ERR_SCX_USAGE"],
    ["a sink's file in no folder", ["run", "simple", "--to", "jsonl:/nowhere/x"], 73, "ERR_SCX_SINK_OPEN"],
    [
      "a sink's token in no file",
      ["run", "simple", "--to", "http:http://x,tokenFile=/nowhere/x"],
      66,
      "ERR_SCX_FILE_NOT_FOUND",
    ],
    ["no address to listen at", ["run", "simple", "--prometheus-listen", "nothing"], 64, "ERR_SCX_USAGE"],
    [
      "one address for two",
      ["run", "simple", "--prometheus-listen", "[::1]:39137", "--to", "prometheus:[::1]:39137"],
      73,
      "ERR_SCX_SINK_OPEN",
    ],
    ["a statistics map in no file", ["stats", "--all", "--stats-map", "/nowhere/map"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["the same, of a list", ["stats", "--list", "--stats-map", "/nowhere/map"], 66, "ERR_SCX_FILE_NOT_FOUND"],
    ["an unknown log module", ["run", "simple", "--log", "x:debug"], 64, "ERR_SCX_USAGE"],
  ])("%s", async (_, args, status, code) => {
    const result = await scxkit(...args);
    expect(result.stderr).toMatch(twoLines(code));
    expect(result).toMatchObject({ status, stdout: "" });
  });

  it.each([
    [["run"]],
    [["run", "simple", "--stats", "0"]],
    [["run", "simple", "--nothing"]],
    [["nothing"]],
    [["run", "simple", "--duration", "x"]],
    [["stats", "--all", "--by", "cpu"]],
    [["stats", "--all", "--list"]],
    [["stats", "--group", "cpu", "--help-stats"]],
    [["stats", "--enforce", "--stats", "2"]],
    [["stats", "--list", "--by", "llc"]],
    [["stats", "--list", "--once"]],
    [["stats", "--help-stats", "--list"]],
    [["stats", "--help-stats", "--json"]],
  ])("wrong usage: %j", async (args) => {
    expect(await scxkit(...args)).toMatchObject({
      status: 64,
      stdout: "",
      stderr: expect.stringMatching(twoLines("ERR_SCX_USAGE")),
    });
  });

  it("names the names that exist", async () => {
    expect((await scxkit("run", "simple", "--set", "nothing=1")).stderr).toMatch(/It has .*fifo.*slice_us/);
    expect((await scxkit("run", "simple", "--ops", "nothing=1")).stderr).toMatch(/It has .*timeout_ms/);
    expect((await scxkit("run", "nothing")).stderr).toMatch(/Name one of simple/);
  });
});

describe("help", () => {
  it("lists every option and status", async () => {
    const { status, stdout } = await scxkit("run", "--help");
    expect(status).toBe(0);
    const options = (
      "--stats --duration --set --resize --ops --ops-map --program --kconfig --socket --socket-mode --socket-owner --socket-group --socket-allow --json --stats-map --mode --to --prometheus --prometheus-listen " +
      "--restart --restart-limit --restart-delay --fallback --rt --user --exit-dump --verifier-log -v --log"
    ).split(" ");
    for (const option of options) expect(stdout).toContain(option);
    for (const [number, meaning] of Object.entries(statuses))
      expect(stdout).toMatch(new RegExp(`${number}  ${meaning}`));
  });

  it.each(["run", "inspect", "stats", "gen", "doctor", "monitor", "relay", "replay", "conform", "export"])(
    "%s: the README has each of its options",
    async (command) => {
      const { stdout } = await scxkit(command, "--help");
      const options = [...stdout.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].map(([, short, long]) => [short, long]);
      const readme = readFileSync(`${checkout}README.md`, "utf8");
      expect(options.length).toBeGreaterThan(1);
      const isIn = (option: string | undefined) => option && new RegExp(`[ \`]${option}(?![\\w-])`).test(readme);
      expect(options.filter(([short, long]) => !isIn(long) && !isIn(short))).toEqual([]);
    },
  );

  it("tells the version", async () => {
    expect(await scxkit("--version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

it("stats --group: several, with commas or one by one", async () => {
  const { status, stdout } = await scxkit("stats", "--group", "cpu,self", "--group", "pressure", "--json");
  expect(status).toBe(0);
  const entities = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).entity]));
  expect(new Set(entities)).toEqual(
    new Set(["cpu", "llc", "node", "process", ...entities.filter((of) => of === "host")]),
  );
  expect(await scxkit("stats", "--group", "cpu,none")).toMatchObject({ status: 64 });
});

it("takes it in good part when nobody reads on", async () => {
  const status = await new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, "run", "--help"], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.destroy();
    child.once("close", resolve);
  });
  expect(status).toBe(0);
});

it("runs on when nobody reads what it says on stderr", { timeout: 60_000 }, async () => {
  const path = join(folder, "stats");
  await using _ = await StatsServer.listen({ path, sampler: new FakeSampler() });
  const sinks = ["--to", "log", "--to", "jsonl"];
  const child = spawn(process.execPath, [cli, "export", "--socket", path, "--stats", "0.05", ...sinks]);
  child.stderr.destroy();
  const ended = once(child, "close");
  let lines = 0;
  for await (const _line of createInterface(child.stdout)) if (++lines === 3) child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(lines).toBeGreaterThanOrEqual(3);
});

it("export ends without a word when nobody reads its lines any more, and other sinks have theirs", async () => {
  const [path, file] = [join(folder, "left"), join(folder, "left.jsonl")];
  await using _ = await StatsServer.listen({ path, sampler: new FakeSampler() });
  const sinks = ["--to", `jsonl:${file}`, "--to", "jsonl:-"];
  const child = spawn(process.execPath, [cli, "export", "--socket", path, "--stats", "0.05", ...sinks]);
  child.stdout.once("data", () => child.stdout.destroy());
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  expect(await once(child, "close")).toEqual([0, null]);
  expect(said).toBe("");
  expect(readFileSync(file, "utf8")).toMatch(/^(\{.*\}\n)+$/);
});

it("says what is wrong when the addon can't be loaded", async () => {
  const result = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      [cli, "run", "simple"],
      { env: { ...process.env, SCXKIT_ADDON: "/nowhere.node" } },
      (_, __, stderr) => resolve(stderr),
    );
  });
  expect(result).toMatch(twoLines("ERR_SCX_ADDON"));
  expect(result).toContain("make build");
});
