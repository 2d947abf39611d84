// SPDX-License-Identifier: MIT
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type ExitRecord,
  type Sample,
  Sampler,
  StatsClient,
  StatsServer,
  schedExt,
} from "../../src/index.js";
import { openSimple, type SimpleStats } from "../../src/schedulers/simple.js";
import { checkout, shippedObject, testObject } from "../objects.js";
import { bpftoolSums, kernelIsFree, kernelState, load, Running } from "./process.js";

afterEach(kernelIsFree);

describe("the library at its smallest", () => {
  it("runs as it stands in the README", async () => {
    using _work = load();
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(program).toContain("for await (const sample of sampler)");
    const folder = mkdtempSync(join(checkout, "build/readme-"));
    copyFileSync(shippedObject("simple"), join(folder, "simple.bpf.o"));
    // It runs for as long as the scheduler does: something has to end that.
    const ended = program.replace("for await", "setTimeout(() => void scheduler.detach(), 2500);\nfor await");
    writeFileSync(join(folder, "readme.mjs"), ended);
    const run = new Running(process.execPath, ["readme.mjs"], { cwd: folder });
    expect(await run.end()).toBe(0);
    rmSync(folder, { recursive: true });
    expect(run.stderr).toBe("");
    expect(run.lines.filter((line) => /^\d+n \d+n$/.test(line)).length).toBeGreaterThanOrEqual(2);
    expect(run.lines).toContain("unreg unregistered from user space ");
  });

  it("counts what the kernel counted", async () => {
    using _work = load();
    const path = "/var/run/scx/root/stats";
    const object = await openSimple();
    object.globals.fifo = true;
    const loaded = await object.load();
    const before = schedExt.enableSeq();
    const scheduler = await loaded.attach();
    expect([kernelState(), schedExt.running(), schedExt.enableSeq()]).toEqual(["enabled", "simple", before + 1n]);
    const sampler = new Sampler(scheduler.stats, { intervalMs: 500 });
    const server = await StatsServer.listen({ path, sampler });
    let exit: ExitRecord | undefined;
    void scheduler.exited.then((record) => {
      exit = record;
    });
    const samples: Sample<SimpleStats>[] = [];
    for await (const sample of sampler) {
      samples.push(sample);
      if (samples.length === 3) {
        const client = await StatsClient.connect(path);
        expect(await client.request("stats")).toMatchObject({ at: expect.anything(), local: expect.anything() });
        expect(await client.request("stats_meta")).toMatchObject({
          simple_stats: { top: "true", fields: { local: { datum: "u64", user: { _scx_kind: "counter" } } } },
        });
        await client.close();
        void scheduler.detach();
      }
    }
    await server.close();
    await scheduler.detach();

    expect(exit).toMatchObject({ kind: "unreg", number: 64, code: 0n, reason: "unregistered from user space" });
    const last = samples.at(-1);
    expect(last?.state).toBe("disabled");
    // The maps are still held: what bpftool sees now is all that was ever counted.
    const map = loaded.maps.scx_stats;
    const truth = bpftoolSums(map?.id ?? 0);
    const sums: Record<string, bigint> = {};
    for (const sample of samples)
      for (const [name, value] of Object.entries(sample.stats))
        if ("total" in value) sums[name] = (sums[name] ?? 0n) + value.delta;
    for (const [name, value] of Object.entries(last?.stats ?? {})) {
      expect([name, "total" in value ? value.total : value.value]).toEqual([name, truth[name]]);
      if ("total" in value) expect([name, sums[name]]).toEqual([name, truth[name]]);
    }
    expect(truth.local).toBeGreaterThan(0n);
    loaded.close();
  });

  it("is detached at the end of its scope after a throw, and another load attaches", async () => {
    for (let i = 0; i < 2; i++) {
      const run = async () => {
        await using loaded = await (await BpfObject.open(shippedObject("simple"))).load();
        await loaded.attach();
        expect(kernelState()).toBe("enabled");
        throw new Error("thrown");
      };
      await expect(run()).rejects.toThrow("thrown");
      expect(kernelState()).toBe("disabled");
    }
  });

  it("gives the link back at close() without detach()", async () => {
    const loaded = await (await BpfObject.open(shippedObject("simple"))).load();
    const scheduler = await loaded.attach();
    loaded.close();
    expect((await scheduler.exited).kind).toBe("unreg");
  });

  it("gives it back when closed in the middle of attaching", async () => {
    const loaded = await (await BpfObject.open(shippedObject("simple"))).load();
    const attaching = loaded.attach();
    await Promise.all([
      expect(attaching).rejects.toMatchObject({ code: "ERR_SCX_CLOSED" }),
      loaded[Symbol.asyncDispose](),
    ]);
    expect(kernelState()).toBe("disabled");
  });

  it("gives it back when the caller gives up in the middle of attaching", async () => {
    await using loaded = await (await BpfObject.open(shippedObject("simple"))).load();
    const abort = new AbortController();
    const attaching = loaded.attach({ signal: abort.signal });
    abort.abort();
    await expect(attaching).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    expect(kernelState()).toBe("disabled");
  });

  it("refuses what comes too late", async () => {
    const object = await BpfObject.open(shippedObject("simple"));
    await using loaded = await object.load();
    expect(() => {
      object.ops.timeout_ms = 1;
    }).toThrowError(expect.objectContaining({ code: "ERR_SCX_USAGE" }));
    expect(object.ops.timeout_ms).toBe(10000);
    const scheduler = await loaded.attach();
    await expect(loaded.attach()).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
    await scheduler.detach();
    await expect(loaded.attach()).rejects.toMatchObject({ code: "ERR_SCX_USAGE" });
  });

  it("resets exactly in the kernel on the way", async () => {
    using _work = load();
    await using loaded = await (await BpfObject.open(shippedObject("simple"))).load();
    const sampler = new Sampler(loaded.stats, { intervalMs: 200, mode: "reset" });
    const scheduler = await loaded.attach();
    let last: Sample | undefined;
    let count = 0;
    for await (const sample of sampler) {
      last = sample;
      if (++count === 4) void scheduler.detach();
    }
    const ids = Object.fromEntries(Object.values(loaded.maps).map(({ name, id }) => [name, id]));
    const truth = bpftoolSums(ids.scx_stats ?? 0);
    for (const name of ["local", "global"]) expect(last?.stats[name]).toMatchObject({ total: truth[name] });
  });
});

it("is told of a scheduler that runs already, which stays", async () => {
  await using first = await (await BpfObject.open(shippedObject("simple"))).load();
  const scheduler = await first.attach();
  const second = await (await BpfObject.open(testObject("user_exit"))).load();
  await expect(second.attach()).rejects.toMatchObject({
    code: "ERR_SCX_BUSY",
    message: expect.stringContaining("simple"),
  });
  second.close();
  expect([kernelState(), schedExt.running(), scheduler.left]).toEqual(["enabled", "simple", false]);
});
