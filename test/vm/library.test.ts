// SPDX-License-Identifier: MIT
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  BpfObject,
  type ExitRecord,
  type Sample,
  Sampler,
  ScxError,
  StatsClient,
  StatsServer,
  schedExt,
} from "../../src/index.js";
import { checkout, shippedObject, testObject } from "../objects.js";
import { bpftoolSums, kernelIsFree, kernelState, load, Running } from "./process.js";

afterEach(kernelIsFree);

describe("the library at its smallest", () => {
  it("runs as it stands in the README", async () => {
    using _work = load();
    const readme = readFileSync(join(checkout, "README.md"), "utf8");
    const [, program = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    expect(program).toContain("for await (const sample of sampler)");
    const folder = join(checkout, "build/readme");
    mkdirSync(folder, { recursive: true });
    copyFileSync(shippedObject("simple"), join(folder, "simple.bpf.o"));
    // It runs for as long as the scheduler does: something has to end that.
    const ended = program.replace("for await", "setTimeout(() => void scheduler.detach(), 2500);\nfor await");
    writeFileSync(join(folder, "readme.mjs"), ended);
    const run = new Running(process.execPath, ["readme.mjs"], { cwd: folder });
    expect(await run.end()).toBe(0);
    expect(run.stderr).toBe("");
    expect(run.lines.filter((line) => /^\d+n \d+n$/.test(line)).length).toBeGreaterThanOrEqual(2);
    expect(run.lines).toContain("unreg unregistered from user space ");
  });

  it("counts what the kernel counted", async () => {
    using _work = load();
    const path = "/var/run/scx/root/stats";
    const object = await BpfObject.open(shippedObject("simple"));
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
    const samples: Sample[] = [];
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
    const map = loaded.maps.find((one) => one.name === "scx_stats");
    const truth = bpftoolSums(map?.id ?? 0);
    const sums: Record<string, bigint> = {};
    for (const sample of samples)
      for (const [name, value] of Object.entries(sample.stats))
        if ("delta" in value) sums[name] = (sums[name] ?? 0n) + value.delta;
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
    const sampler = new Sampler(loaded.stats, { intervalMs: 200, reset: true });
    const scheduler = await loaded.attach();
    let last: Sample | undefined;
    let count = 0;
    for await (const sample of sampler) {
      last = sample;
      if (++count === 4) void scheduler.detach();
    }
    const ids = Object.fromEntries(loaded.maps.map(({ name, id }) => [name, id]));
    const truth = bpftoolSums(ids.scx_stats ?? 0);
    for (const name of ["local", "global"]) expect(last?.stats[name]).toMatchObject({ total: truth[name] });
  });
});

describe("a scheduler that leaves by itself", () => {
  const start = async (name: string, globals: Record<string, bigint> = {}) => {
    const object = await BpfObject.open(testObject(name));
    Object.assign(object.globals, globals);
    const loaded = await object.load();
    const scheduler = await loaded.attach();
    const exit = await scheduler.exited;
    await scheduler.detach();
    expect(scheduler.left).toBe(true);
    loaded.close();
    return exit;
  };

  it("by scx_bpf_error", async () => {
    using _work = load();
    const exit = await start("scx_error", { fail_at: 10n });
    expect(exit).toMatchObject({ kind: "error_bpf", number: 1025, message: "gave up at task 10 (as it was told)" });
    expect(exit.dump).toMatch(/^\S/);
  });

  it("in good order, with a code of its own", async () => {
    using _work = load();
    expect(await start("user_exit", { exit_at: 10n })).toMatchObject({ kind: "unreg_bpf", number: 65, code: 42n });
  });

  it("by the watchdog, with a dump", async () => {
    using _work = load();
    const exit = await start("stall");
    expect(exit).toMatchObject({ kind: "error_stall", number: 1026, reason: "runnable task stall" });
    expect(exit.dump).toMatch(/watchdog failed to check in[\s\S]*CPU states/);
  });

  it("by the watchdog, though its object calls no kfunc (libbpf 1.4 can't make room for a dump then)", async () => {
    expect(await start("no_dispatch")).toMatchObject({ kind: "error_stall" });
  });

  it("because its init failed", async () => {
    expect(await start("init_fail")).toMatchObject({
      kind: "error",
      message: expect.stringContaining("ops.init() failed"),
    });
  });
});

describe("what the kernel refuses", () => {
  it("is a verifier error with its log", async () => {
    const error = await (await BpfObject.open(testObject("verifier_reject"))).load().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ScxError);
    expect(error).toMatchObject({ code: "ERR_SCX_VERIFIER", op: "load", errno: 13 });
    expect((error as ScxError).message).toMatch(
      /verifier_reject_enqueue.*map_value_or_null[\s\S]*verifier_reject\.bpf\.c:\d+/,
    );
    expect((error as ScxError).log.length).toBeGreaterThan(3);
  });

  it("is a second scheduler, and the first one stays", async () => {
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

  it.each([
    ["timeout_ms", 40000, /at most 30000/],
    ["flags", 1n << 40n, /Check ops\.flags/],
  ])("is ops.%s = %s", async (field, value, why) => {
    const object = await BpfObject.open(shippedObject("simple"));
    object.ops[field] = value;
    const loaded = await object.load().catch((error: unknown) => error as ScxError);
    if (loaded instanceof ScxError) throw loaded;
    const error = await loaded.attach().catch((reason: unknown) => reason as ScxError);
    expect(error).toMatchObject({ code: "ERR_SCX_ATTACH" });
    expect((error as ScxError).message).toMatch(why);
    loaded.close();
  });
});
