// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "lossless-json";
import { expect, it } from "vitest";
import { cli, testObject } from "../../objects.js";

const inspect = (...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [cli, "inspect", ...args], (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
    });
  });

it("prints sections for people", async () => {
  const { status, stdout, stderr } = await inspect("simple");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^Ops simple_ops: sched_ext_ops "simple"\n {2}select_cpu +simple_select_cpu\n/);
  expect(stdout).toMatch(/\nStatistics simple_stats\n {2}local +counter +tasks put/);
});

it("prints one line of JSON, every number with all its digits", async () => {
  const { status, stdout } = await inspect(testObject("two"), "--json");
  expect(status).toBe(0);
  expect(stdout.split("\n")).toHaveLength(2);
  expect(parse(stdout)).toMatchObject({ name: "two", ops: [{ map: "first_ops" }, { map: "second_ops" }] });
  expect(stdout).toContain(
    '"name":"flags","section":"second_ops","type":"u64","size":8,"value":18446744073709551615,"names":["SCX_OPS_KEEP_BUILTIN_IDLE",',
  );
});

it("lists the statistics that a run of others' objects has, by a statistics map if there is one", async () => {
  const { stdout } = await inspect(testObject("readers"));
  expect(stdout).toMatch(
    /\nStatistics readers, and where they are\n(.*\n)* {2}moved +counter +event_stats\[1\] \(percpu_array\)\n/,
  );
  expect(stdout).toMatch(/\n {2}Map untyped_stats has values of 16 bytes without a BTF type/);
  const map = join(mkdtempSync(join(tmpdir(), "scxkit-")), "map.json");
  const stats = {
    "latencies.slots": { kind: "histogram", name: "latency", desc: "time until a task runs" },
    nr_total: {},
  };
  writeFileSync(map, JSON.stringify({ name: "mine", stats }));
  const mapped = await inspect(testObject("readers"), "--stats-map", map);
  expect(mapped.stdout).toMatch(
    /\nStatistics mine, .*\n {2}latency_0 +histogram +latencies\.slots\[0\] \(percpu_array\) +time/,
  );
  writeFileSync(map, '{ "stats": { "nr_total": { "name": "a" }, "nr_total": { "name": "b" } } }');
  expect(await inspect(testObject("readers"), "--stats-map", map)).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(/no usable JSON: Duplicate key 'nr_total' .* \[ERR_SCX_STATS_MAP\]/),
  });
  writeFileSync(map, JSON.stringify({ stats: { nobody: {} } }));
  expect(await inspect(testObject("readers"), "--stats-map", map)).toMatchObject({
    status: 65,
    stderr: expect.stringMatching(/no map or global "nobody"\. \[ERR_SCX_STATS_MAP\]/),
  });
});

it("--help-stats: only what its statistics are, as upstream's schedulers say it", async () => {
  const { stdout } = await inspect("simple", "--help-stats");
  expect(stdout.split("\n")[0]).toBe("[simple_stats]");
  expect(stdout).toMatch(/\n {2}local +\(u64\) : tasks put straight on the local queue of an idle CPU\n/);
});

it.each([
  ["no such file", ["/nowhere/x.bpf.o"], 66, "ERR_SCX_FILE_NOT_FOUND"],
  ["no such name", ["nothing"], 66, "ERR_SCX_FILE_NOT_FOUND"],
  ["no BPF object", ["/bin/ls"], 65, "ERR_SCX_NOT_BPF_OBJECT"],
  ["no argument", [], 64, "ERR_SCX_USAGE"],
  ["an unknown option", ["simple", "--nothing"], 64, "ERR_SCX_USAGE"],
  ["an unknown log module", ["simple", "--log", "x:debug"], 64, "ERR_SCX_USAGE"],
])("%s", async (_, args, status, code) => {
  const result = await inspect(...args);
  expect(result).toMatchObject({ status, stdout: "" });
  expect(result.stderr).toMatch(new RegExp(`^scxkit: .+ \\[${code}\\]\\n  .+\\n$`));
});

it("has help", async () => {
  const { status, stdout } = await inspect("--help");
  expect(status).toBe(0);
  for (const text of ["<object|name>", "--json", "-v", "--log", "65  not a usable object"])
    expect(stdout).toContain(text);
});
