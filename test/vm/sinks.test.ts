// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, onTestFinished } from "vitest";
import { kernelIsFree, load, scxkit } from "./process.js";

afterEach(kernelIsFree);

/** How many tasks went to the local queue. */
const local = (text: string) =>
  Number(/^scx_enqueued_total\{scheduler="simple",queue="local"\} (\d+)$/m.exec(text)?.[1]);

it("a scheduler's counters are scraped, go into a file, and from its socket elsewhere; a stalled sink stops nothing", async () => {
  using _work = load();
  const folder = mkdtempSync(join(tmpdir(), "scxkit-sinks-"));
  const [file, exported, socket] = ["run.jsonl", "export.jsonl", "stats"].map((name) => join(folder, name));
  const stalled = createServer((connection) => connection.on("error", () => {}).resume()).listen(0, "127.0.0.1");
  onTestFinished(() => void stalled.close());
  await new Promise((resolve) => stalled.once("listening", resolve));
  const { port } = stalled.address() as { port: number };
  const run = scxkit(
    ...["run", "simple", "--stats", "0.5", "--json", "--socket", `${socket}`, "--prometheus"],
    ...["--to", `jsonl:${file}`, "--to", `http:http://127.0.0.1:${port}/`],
  );
  onTestFinished(() => run.kill("SIGKILL"));
  await run.line(/"state":"enabled"/);
  const relay = scxkit("export", "--socket", `${socket}`, "--stats", "0.5", "--to", `jsonl:${exported}`);
  const scrape = async (accept: string) =>
    (await fetch("http://127.0.0.1:9000/metrics", { headers: { accept } })).text();
  const text = await scrape("text/plain");
  expect(text).toContain("# HELP scx_enqueued_total tasks put straight on the local queue of an idle CPU\n");
  const first = local(text);
  expect(first).toBeGreaterThan(0);
  const from = run.lines.length;
  await run.line(/"state":"enabled"/, from + 3);
  const open = await scrape("application/openmetrics-text; version=1.0.0");
  expect(local(open)).toBeGreaterThan(first);
  expect(open).toMatch(/^scx_enqueued_created\{scheduler="simple",queue="local"\} 1\d{9}(\.\d+)?$/m);
  expect(open).toMatch(/^scx_state\{scheduler="simple",scx_state="enabled"\} 1$/m);
  expect(open.endsWith("# EOF\n")).toBe(true);
  const isThere = () => existsSync(`${exported}`) && readFileSync(`${exported}`, "utf8").includes("\n");
  while (!isThere()) await run.line(/"state":"enabled"/, run.lines.length);
  run.kill("SIGINT");
  expect(await run.end()).toBe(0);
  relay.kill("SIGINT");
  expect(await relay.end()).toBe(0);
  // The file has what --json printed, and of the exit somewhat more.
  const lines = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n");
  const written = lines(`${file}`);
  expect(written.slice(0, -1)).toEqual(run.lines.slice(0, -1));
  expect(JSON.parse(`${written.at(-1)}`)).toMatchObject({
    ...JSON.parse(`${run.lines.at(-1)}`),
    scheduler: "simple",
    severity: "info",
  });
  const relayed = lines(`${exported}`).map((line) => JSON.parse(line));
  expect(relayed[0]).toMatchObject({ scheduler: "simple", stats: { local: { total: expect.any(Number), delta: 0 } } });
  expect(run.stderr).toMatch(/sink http lost \d+ of its records: the end came first/);
});
