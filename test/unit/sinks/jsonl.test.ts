// SPDX-License-Identifier: MIT
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "lossless-json";
import { describe, expect, it, vi } from "vitest";
import type { LogRecord } from "../../../src/diagnostics.js";
import { documentOf, eventJson, sampleJson } from "../../../src/sinks/document.js";
import { LineFile } from "../../../src/sinks/line_file.js";
import { createSink, sinkFactory } from "../../../src/sinks/registry.js";
import type { SampleRecord } from "../../../src/sinks/sink.js";
import { Sinks } from "../../../src/sinks/sinks.js";
import type { StatValues } from "../../../src/stats/schema.js";
import { checkout } from "../../objects.js";
import { eventRecord, nthRecord, recordOf } from "./record.js";

const folder = () => mkdtempSync(join(tmpdir(), "scxkit-jsonl-"));
const linkOf = (path: string) => {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // it was closed meanwhile
  }
};
const bytes = (...lines: string[]) => lines.map((line) => Buffer.from(line));
const lines = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);

describe("a document", () => {
  it("of a scheduler's sample is what run --json prints, every number with all its digits", () => {
    const record = recordOf(
      { name: "s", stats: [] },
      { n: { total: 2n ** 64n - 1n, delta: 1n }, f: { value: 0.5 } },
      { sample: { at: 1763629200000000000n } },
    );
    const text =
      '{"at":1763629200000000000,"interval":1,"epoch":0,"scheduler":"simple","state":"enabled",' +
      '"stats":{"n":{"total":18446744073709551615,"delta":1},"f":{"value":0.5}}}';
    expect(documentOf(record)).toBe(text);
    expect(sampleJson(record.sample)).toBe(text);
  });

  it("has the group where it isn't a scheduler's own, and labels where there are any", () => {
    const text = documentOf(recordOf({ name: "s", stats: [] }, {}, { group: "cpu", labels: { host: "h" } }));
    expect(JSON.parse(text)).toMatchObject({ group: "cpu", stats: {}, labels: { host: "h" } });
  });

  it("has names and texts in JSON's own spelling, what is no counter too, and leaves out what isn't there", () => {
    const counts = { count: 1n, sum: 3n, buckets: [0n, 0n, 1n] };
    const stats: Record<string, unknown> = {
      'a "quoted"\n': { total: 1n, delta: 0n },
      __proto__x: { entries: { k: { total: 2n, delta: 1n } } },
      text: { value: 'l\u2028"' },
      h: { ...counts, delta: counts },
      absent: undefined,
      half: { total: 1n },
      odd: { total: 1n, delta: Number.NaN },
      none: null,
    };
    const by = { llc: { "0-1": { n: { total: 1n, delta: 1n } } } };
    const record = recordOf({ name: "s", stats: [] }, stats as StatValues, {
      group: 'g"',
      labels: { "l\\": "é" },
      sample: { scheduler: "a\tb", by },
    });
    const { sample, labels } = record;
    expect(documentOf(record)).toBe(stringify({ group: 'g"', ...sample, labels }));
    expect(sampleJson(sample)).toBe(stringify(sample));
    // What a program in JavaScript may give.
    for (const stats of [undefined, null]) {
      const bare = { ...record, group: undefined, labels: {}, sample: { at: 1n, stats } } as unknown as SampleRecord;
      expect(documentOf(bare)).toBe(stringify({ at: 1n, stats }));
    }
  });

  it("of an event begins as run --json prints it, and tells the rest", () => {
    expect(eventJson(eventRecord)).toBe('{"exit":{"kind":"unreg","code":0}}');
    expect(documentOf(eventRecord)).toBe(
      '{"exit":{"kind":"unreg","code":0},"at":2000000,"severity":"info","message":"unregistered","scheduler":"simple"}',
    );
  });
});

describe("a file", () => {
  it("gets a line for each record, behind what stands in it", async () => {
    const file = join(folder(), "out.jsonl");
    writeFileSync(file, "before\n");
    const queue = await createSink({ name: "jsonl", factory: await sinkFactory("jsonl"), options: { file } });
    const sinks = await Sinks.open([queue]);
    sinks.push(nthRecord(1));
    sinks.push(eventRecord);
    await sinks.close();
    expect(lines(file)).toEqual(["before", documentOf(nthRecord(1)), documentOf(eventRecord)]);
  });

  it("is put aside when it would be too large, and the oldest goes", async () => {
    const dir = folder();
    const file = new LineFile("x", join(dir, "a"), { maxBytes: 8, keep: 2 });
    await file.open();
    await file.write(bytes("1234567\n", "1\n", "2\n", "far too long for any\n", "3\n", "4\n"));
    await file.write(bytes("5\n", "6\n", "7\n"));
    await file.close();
    expect(readdirSync(dir).sort()).toEqual(["a", "a.1", "a.2"]);
    expect(["a.2", "a.1", "a"].map((name) => lines(join(dir, name)))).toEqual([
      ["far too long for any"],
      ["3", "4", "5", "6"],
      ["7"],
    ]);
  });

  it("is put aside after so many lines, those that stood in it counted", async () => {
    const dir = folder();
    writeFileSync(join(dir, "a"), "1\n2\n");
    const file = new LineFile("x", join(dir, "a"), { maxLines: 3, keep: 0 });
    await file.open();
    await file.write(bytes("3\n", "4\n"));
    await file.close();
    expect(readdirSync(dir)).toEqual(["a"]);
    expect(lines(join(dir, "a"))).toEqual(["4"]);
  });

  it("goes on where it stopped when a write failed half way", async () => {
    const dir = folder();
    const file = new LineFile("x", join(dir, "a"), { maxBytes: 4, keep: 9 });
    await file.open();
    await using other = await open(join(dir, "b"), "w");
    const handle = Object.getPrototypeOf(other) as { appendFile: FileHandle["appendFile"] };
    const { appendFile } = handle;
    const failing = vi.spyOn(handle, "appendFile");
    failing.mockImplementationOnce(appendFile).mockRejectedValueOnce(new Error("ENOSPC"));
    const batch = bytes("1\n", "2\n", "3\n", "4\n");
    await expect(file.write(batch)).rejects.toThrow("ENOSPC");
    expect(lines(join(dir, "a.1"))).toEqual(["1", "2"]);
    await file.write(batch);
    await file.close();
    expect(failing).toHaveBeenCalledTimes(3);
    failing.mockRestore();
    expect(["a.1", "a"].map((name) => lines(join(dir, name)))).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
  });

  it("isn't opened again by a write that is under way when it is closed", async () => {
    const dir = folder();
    const file = new LineFile("x", join(dir, "a"), { maxLines: 1, keep: 1 });
    await file.open();
    await using other = await open(join(folder(), "b"), "w");
    const handle = Object.getPrototypeOf(other) as { appendFile: FileHandle["appendFile"] };
    const { appendFile } = handle;
    const closing = vi.spyOn(handle, "appendFile").mockImplementationOnce(async function (this: FileHandle, data) {
      await appendFile.call(this, data);
      await file.close();
    });
    await expect(file.write(bytes("1\n", "2\n"))).rejects.toThrow("it was closed");
    closing.mockRestore();
    expect(readdirSync(dir)).toEqual(["a"]);
    const files = readdirSync("/proc/self/fd").map((fd) => linkOf(`/proc/self/fd/${fd}`));
    expect(files.filter((path) => path.startsWith(dir))).toEqual([]);
  });

  it("that ends in half a line gets the next one on a line of its own", async () => {
    const path = join(folder(), "a");
    writeFileSync(path, '1\n{"half');
    const file = new LineFile("x", path, { maxLines: 4, keep: 1 });
    await file.open();
    await file.write(bytes("2\n"));
    await file.write(bytes("3\n", "4\n"));
    await file.close();
    expect([`${path}.1`, path].map(lines)).toEqual([["1", '{"half', "2", "3"], ["4"]]);
  });

  it("is begun anew when somebody has put it aside, put another in its place, or removed it", async () => {
    const dir = folder();
    const path = join(dir, "a");
    const file = new LineFile("x", path, { maxLines: 3, keep: 9 });
    await file.open();
    await file.write(bytes("1\n"));
    renameSync(path, join(dir, "aside")); // as logrotate does
    await file.write(bytes("2\n"));
    renameSync(path, join(dir, "again"));
    writeFileSync(path, "there\n"); // with `create`
    await file.write(bytes("3\n", "4\n", "5\n"));
    rmSync(path);
    await file.write(bytes("6\n"));
    expect(["aside", "again", "a.1", "a"].map((name) => lines(join(dir, name)))).toEqual([
      ["1"],
      ["2"],
      ["there", "3", "4"],
      ["6"],
    ]);
    rmSync(dir, { recursive: true });
    await expect(file.write(bytes("7\n"))).rejects.toThrow("ENOENT"); // it isn't written, and not said to be
    mkdirSync(dir);
    await file.write(bytes("7\n"));
    await file.close();
    expect(readdirSync(dir)).toEqual(["a"]);
    expect(lines(path)).toEqual(["7"]);
  });

  it("goes on where it was put to when none may be created in its place", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "it takes root to become somebody without permission");
    const dir = folder();
    const path = join(dir, "a");
    const file = new LineFile("x", path, { maxLines: 2, keep: 9 });
    await file.open();
    await file.write(bytes("1\n"));
    renameSync(path, join(dir, "aside"));
    const warnings: string[] = [];
    const warned = (record: unknown) => void warnings.push((record as LogRecord).text);
    subscribe("scxkit:log", warned);
    chmodSync(dir, 0o555);
    process.seteuid?.(65534);
    try {
      await file.write(bytes("2\n"));
      await file.write(bytes("3\n"));
    } finally {
      process.seteuid?.(0);
      unsubscribe("scxkit:log", warned);
    }
    expect(warnings).toEqual([expect.stringMatching(/^sink x goes on in the file that was .*: EACCES/)]);
    expect(readdirSync(dir)).toEqual(["aside"]);
    chmodSync(dir, 0o755);
    await file.write(bytes("4\n"));
    await file.close();
    expect(["aside", "a"].map((name) => lines(join(dir, name)))).toEqual([["1", "2", "3"], ["4"]]);
  });

  it("that can't be written to ends the start", async () => {
    const queue = await createSink({
      name: "jsonl",
      factory: await sinkFactory("jsonl"),
      options: { file: "/nowhere/x" },
    });
    await expect(Sinks.open([queue])).rejects.toMatchObject({ code: "ERR_SCX_SINK_OPEN", errno: 2 });
  });

  it("doesn't wait for a pipe's reader, and writes to one that there is", async () => {
    const file = join(folder(), "pipe");
    execFileSync("mkfifo", [file]);
    const target = () => new LineFile("jsonl", file, { keep: 0 });
    await expect(target().open()).rejects.toMatchObject({
      code: "ERR_SCX_SINK_OPEN",
      message: expect.stringContaining("nobody reads from it"),
    });
    const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const pipe = target();
    await pipe.open();
    await pipe.write(bytes("one\n"));
    const read = Buffer.alloc(16);
    expect(read.toString("utf8", 0, readSync(reader, read))).toBe("one\n");
    await pipe.close();
    closeSync(reader);
  });
});

const namespaces = spawnSync("unshare", ["-rm", "true"]).status === 0;

it("no room on the disk is no end: what didn't fit is written when there is room again", async ({ skip }) => {
  skip(!namespaces, "this user may not have a mount namespace");
  // A disk of 64 KiB, in namespaces of its own.
  const script = `
    mount -t tmpfs -o size=64k none "$1" && cd "$2" && exec node --import tsx test/unit/sinks/full_disk.ts "$1"`;
  const dir = folder();
  const result = await new Promise<string>((resolve) => {
    execFile("unshare", ["-rm", "sh", "-c", script, "sh", dir, checkout], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  expect(result).toBe("ok\n");
});
