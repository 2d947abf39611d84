// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { parseDump, StatsClient, StatsServer } from "../../src/index.js";
import { cli, testObject } from "../objects.js";
import { kernelIsFree, kernelState, load, Running, scxkit } from "./process.js";

const socket = "/var/run/scx/root/stats";
const sampleLine = /"state":"enabled"/;

afterEach(kernelIsFree);

describe("scxkit run", () => {
  it("--json prints samples, a last one, and the exit", async () => {
    using _work = load();
    const run = scxkit("run", "simple", "--stats", "1", "--duration", "3", "--json", "--set", "slice_us=5000");
    await run.line(sampleLine);
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(await run.end()).toBe(0);
    const lines = run.lines.map((line) => JSON.parse(line));
    const exit = lines.pop();
    expect(exit).toEqual({
      exit: { kind: "unreg", number: 64, code: 0, reason: "unregistered from user space", message: "" },
    });
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines)
      expect(Object.keys(line)).toEqual(["at", "interval", "epoch", "scheduler", "state", "stats"]);
    expect(lines.at(-1)).toMatchObject({
      scheduler: "simple",
      state: "disabled",
      epoch: 0,
      stats: { local: { total: expect.any(Number), delta: expect.any(Number) } },
    });
    expect(run.stderr).toBe("");
    expect(() => statSync(socket)).toThrow(/ENOENT/);
  });

  it("shows people a table, and detaches at Ctrl-C", async () => {
    using _work = load();
    const run = scxkit("run", "simple", "--stats", "0.5", "--socket", "none");
    await run.line(/ enabled /);
    expect(kernelState()).toBe("enabled");
    run.kill("SIGINT");
    expect(await run.end()).toBe(0);
    expect(run.lines[0]).toMatch(/^TIME +SCHEDULER +STATE +local/);
    expect(run.lines.at(-1)).toMatch(/^ {2}simple on Linux \S+, at \S+Z, after \d+\.\d{3} s/);
    expect(run.lines.at(-2)).toBe("EXIT: unregistered from user space");
    expect(kernelState()).toBe("disabled");
  });

  it("its socket is whose it is said to be, and serves only whom it may; who comes second is told the first's process", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");
    const access = ["--socket-mode", "0666", "--socket-owner", "nobody", "--socket-group", "4100"];
    const allow = ["--socket-allow", "user:nobody", "--socket-allow", "group:4100"];
    const run = scxkit("run", "simple", "--json", "--socket", path, ...access, ...allow);
    await run.line(sampleLine);
    const { uid, gid, mode } = statSync(path);
    expect([uid, gid, mode & 0o777]).toEqual([65534, 4100, 0o666]);
    await using client = await StatsClient.connect(path);
    await expect(client.request("stats")).rejects.toMatchObject({ errno: 13 });
    await expect(StatsServer.listen({ path })).rejects.toMatchObject({
      code: "ERR_SCX_SOCKET_IN_USE",
      message: expect.stringContaining(`process ${run.child.pid} (`),
    });
    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
    expect(existsSync(path)).toBe(false);
    const wrong = scxkit("run", "simple", "--socket", path, "--socket-owner", "no-such-user");
    expect(await wrong.end()).toBe(64);
  });

  it("answers on its socket, totals and deltas", async () => {
    using _work = load();
    const path = join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");
    const run = scxkit("run", "simple", "--stats", "1", "--json", "--socket", path);
    await run.line(sampleLine);
    await using client = await StatsClient.connect(path);
    const top = (await client.request("stats")) as Record<string, bigint>;
    const delta = (await client.request("stats", { target: "delta" })) as Record<string, bigint>;
    expect(top.local).toBeGreaterThan(0n);
    expect(delta.local).toBe(top.local); // this client's first look counts from attach
    await expect(client.request("stats", { target: "nothing" })).rejects.toMatchObject({
      code: "ERR_SCX_WIRE",
      errno: 22,
    });
    run.kill("SIGTERM");
    expect(await run.end()).toBe(0);
  });

  it("ends with 0 and leaves nothing behind at Ctrl-C before it has attached", async () => {
    for (const wait of [/^debug bpf|^info|^debug/, /listening at/]) {
      const run = scxkit("run", "simple", "-v");
      await run.error(wait);
      run.kill("SIGINT");
      expect(await run.end()).toBe(0);
      expect(kernelState()).toBe("disabled");
      expect(() => statSync(socket)).toThrow(/ENOENT/);
    }
  });

  it("detaches when nobody reads on", async () => {
    using _work = load();
    const run = scxkit("run", "simple", "--stats", "0.5");
    await run.line(/ enabled /);
    run.child.stdout?.destroy();
    expect(await run.end()).toBe(0);
    expect(run.stderr).toBe("");
    expect(kernelState()).toBe("disabled");
    expect(() => statSync(socket)).toThrow(/ENOENT/);
  });

  it("ends with 0 for a scheduler that keeps no exit information", async () => {
    const run = scxkit("run", testObject("no_exit_info"), "--duration", "0.5", "--json", "--socket", "none");
    expect(await run.end()).toBe(0);
    expect(run.lines.at(-1)).toContain('"kind":"unreg","number":64');
  });
});

describe("faults", () => {
  it.each([
    [
      "a dump of absurd length",
      ["run", "simple", "--ops", "exit_dump_len=4294967295"],
      64,
      /\[ERR_SCX_VALUE\]\n {2}.*\n$/,
    ],
    ["ops out of range", ["run", "simple", "--ops", "timeout_ms=40000"], 65, /\[ERR_SCX_ATTACH\]\n {2}.*30000.*\n$/],
    [
      "a socket's path that is too long",
      ["run", "simple", "--socket", `/tmp/${"x".repeat(120)}`],
      73,
      /\[ERR_SCX_SOCKET_PATH\]\n {2}.*\n$/,
    ],
  ])("%s", async (_, args, status, stderr) => {
    const run = scxkit(...args);
    expect(await run.end()).toBe(status);
    expect(run.stderr).toMatch(stderr);
    expect(run.lines).toEqual([]);
    expect(kernelState()).toBe("disabled");
  });

  it("a socket that is somebody else's stays, and the kernel is never touched", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "scxkit-")), "stats");
    writeFileSync(path, "mine");
    const run = scxkit("run", "simple", "--socket", path);
    expect(await run.end()).toBe(73);
    expect(run.stderr).toMatch(/\[ERR_SCX_SOCKET_IN_USE\]\n {2}.*\n$/);
    expect(statSync(path).size).toBe(4);
  });

  it("a second scheduler: status 75, and the first one goes on", async () => {
    const first = scxkit("run", "simple", "--json", "--socket", "none");
    await first.line(sampleLine);
    const second = scxkit("run", "simple", "--socket", "none");
    expect(await second.end()).toBe(75);
    expect(second.stderr).toMatch(/^scxkit: Another scheduler runs: simple\. \[ERR_SCX_BUSY\]\n {2}.*\n$/);
    expect(kernelState()).toBe("enabled");
    first.kill("SIGINT");
    expect(await first.end()).toBe(0);
  });

  it("--exit-dump: the exit's two lines, and the kernel's dump", async () => {
    using _work = load();
    const file = join(mkdtempSync(join(tmpdir(), "scxkit-")), "exit.txt");
    writeFileSync(file, "older");
    const args = ["--set", "fail_at=20", "--socket", "none", "--exit-dump", file];
    const run = scxkit("run", testObject("scx_error"), ...args);
    expect(await run.end()).toBe(3);
    const text = readFileSync(file, "utf8");
    expect(run.lines.at(-2)).toBe("EXIT: scx_bpf_error (gave up at task 20 (as it was told))");
    expect(text.split("\n").slice(0, 2)).toEqual(run.lines.slice(-2));
    const dump = parseDump(text.split("\n").slice(3).join("\n"));
    expect(dump).toMatchObject({ number: 1025, reason: "scx_bpf_error (gave up at task 20 (as it was told))" });
    expect(dump.backtrace.some((frame) => frame.includes("scx_error_enqueue"))).toBe(true);
    expect(dump.cpus.flatMap((cpu) => cpu.tasks).length).toBeGreaterThan(0);
  });

  it("--exit-dump: also when nothing was dumped, beside --json", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "scxkit-")), "exit.txt");
    const run = scxkit("run", "simple", "--duration", "0.5", "--json", "--socket", "none", "--exit-dump", file);
    expect(await run.end()).toBe(0);
    expect(readFileSync(file, "utf8")).toMatch(
      /^EXIT: unregistered from user space\n {2}simple on Linux .*\n\nThe kernel dumped nothing\.\n$/,
    );
  });

  it("--verifier-log: the whole log of a refusal, and no file without one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
    const [log, none] = [join(folder, "log.txt"), join(folder, "none.txt")];
    const run = scxkit("run", testObject("verifier_reject"), "--verifier-log", log, "--exit-dump", none);
    expect(await run.end()).toBe(65);
    expect(readFileSync(log, "utf8")).toMatch(/map_value_or_null[\s\S]*processed \d+ insns/);
    expect(existsSync(none)).toBe(false);
    const fine = scxkit("run", "simple", "--duration", "0.2", "--socket", "none", "--verifier-log", none);
    expect(await fine.end()).toBe(0);
    expect(existsSync(none)).toBe(false);
  });

  it("a loader that is killed leaves the kernel as it was", async () => {
    const run = scxkit("run", "simple", "--json", "--socket", "none");
    await run.line(sampleLine);
    run.kill("SIGKILL");
    expect(await run.end()).toBe("SIGKILL");
    await kernelIsFree();
    const again = scxkit("run", "simple", "--duration", "0.5", "--socket", "none");
    expect(await again.end()).toBe(0);
  });

  it("a process that ends or throws without detaching leaves the kernel as it was", async () => {
    const program = (rest: string) => `
      const { BpfObject, schedExt } = await import(${JSON.stringify(join(cli, "../../index.js"))});
      const loaded = await (await BpfObject.open("dist/schedulers/simple.bpf.o")).load();
      await loaded.attach();
      console.log(schedExt.state());
      ${rest}`;
    for (const [rest, status] of [
      ["process.exit(5)", 5],
      ["throw new Error('uncaught')", 1],
    ] as const) {
      const run = new Running(process.execPath, ["--input-type=module", "-e", program(rest)]);
      expect(await run.end()).toBe(status);
      expect(run.lines).toEqual(["enabled"]);
      await kernelIsFree();
    }
  });
});
