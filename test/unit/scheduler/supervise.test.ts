// SPDX-License-Identifier: MIT
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { BpfObject } from "../../../src/bpf/object.js";
import type { LogRecord } from "../../../src/diagnostics.js";
import { ScxError, type ScxErrorCode } from "../../../src/error.js";
import { type ExitRecord, exitKinds, exitRecord } from "../../../src/scheduler/exit.js";
import { type SuperviseOptions, type Supervisor, superviseScheduler } from "../../../src/scheduler/supervise.js";
import type { StatsSource } from "../../../src/source/stats.js";

const failure = (code: ScxErrorCode) =>
  new ScxError(code, { op: "load", message: `made up: ${code}`, remedy: "None." });

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** What happened, in order; and schedulers without a kernel, that leave when told. */
class World {
  readonly events: string[] = [];
  /** What each of them counted. */
  readonly sources: WeakRef<StatsSource>[] = [];
  /** Lets the running scheduler leave. */
  leave: (kind: keyof typeof exitKinds, code?: bigint) => void = () => {};
  #waiting: (() => void)[] = [];
  /** Errors of the next loads, in order; undefined for none. */
  loads: (ScxError | undefined)[] = [];

  /** Resolves when the next one is attached. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly open = (name: string) => async (): Promise<BpfObject> => {
    this.events.push(`open ${name}`);
    return {
      scheduler: name,
      close: () => this.events.push(`close ${name}`),
      load: async (options: { reattach?: boolean }) => {
        const error = this.loads.shift();
        if (error) throw error;
        this.events.push(`load ${name}${options.reattach ? " for good" : ""}`);
        return this.#loaded(name);
      },
    } as unknown as BpfObject;
  };

  #loaded(name: string) {
    const stats: StatsSource = {
      schema: { name, stats: [] },
      scheduler: name,
      epoch: 0,
      state: () => "enabled",
      startedAt: 0n,
      words: new BigUint64Array(),
      index: [],
      refresh() {},
      clearInKernel() {},
      ended: new Promise(() => {}),
    };
    this.sources.push(new WeakRef(stats));
    return {
      stats,
      attach: async () => {
        this.events.push(`attach ${name}`);
        let settle: (exit: ExitRecord) => void = () => {};
        const exited = new Promise<ExitRecord>((resolve) => {
          settle = resolve;
        });
        const leave = (kind: keyof typeof exitKinds, code = 0n) =>
          settle(exitRecord({ number: exitKinds[kind], code, reason: kind, message: "" }, name, 5_000_000_000n));
        this.leave = leave;
        for (const resolve of this.#waiting.splice(0)) setImmediate(resolve);
        return { exited, detach: async () => leave("unreg") };
      },
      [Symbol.asyncDispose]: async () => {
        this.events.push(`free ${name}`);
      },
    };
  }

  supervise(name: string, options: Partial<SuperviseOptions> = {}) {
    return superviseScheduler({
      open: this.open(name),
      exited: ({ kind }, epoch) => this.events.push(`${kind} in epoch ${epoch}`),
      ...options,
    });
  }
}

const quick = { delayMs: 1, windowMs: 60_000 };

describe("a supervised run", () => {
  it("loads afresh when the kernel asks for it, under any policy", async () => {
    const world = new World();
    const run = await world.supervise("a");
    const again = world.next();
    world.leave("unreg_kern", 0x1000100000000n);
    await again;
    await run.stop();
    expect(world.events).toEqual([
      ...["open a", "load a", "attach a", "unreg_kern in epoch 0", "free a"],
      ...["open a", "load a", "attach a", "unreg in epoch 1", "free a"],
    ]);
    expect(await run.ended).toMatchObject({ exit: { kind: "unreg" }, error: undefined });
  });

  it("ends with the exit when the policy says so", async () => {
    const world = new World();
    const run = await world.supervise("a");
    world.leave("error_stall");
    expect(await run.ended).toMatchObject({ exit: { kind: "error_stall" }, error: undefined });
    expect(world.events.at(-1)).toBe("free a");
    expect(run.scheduler).toBeUndefined();
  });

  it("restarts until the budget is spent, then takes the fallbacks in their order", async () => {
    const world = new World();
    const run = await world.supervise("a", {
      fallbacks: [world.open("b"), world.open("c")],
      restart: { policy: "on-failure", limit: 1, ...quick },
    });
    for (let i = 0; i < 5; i++) {
      const next = world.next();
      world.leave("error");
      await next;
    }
    world.leave("error_bpf");
    expect(await run.ended).toMatchObject({ exit: { kind: "error_bpf", ops: "c" } });
    expect(world.events.filter((event) => event.startsWith("attach"))).toEqual([
      ...["attach a", "attach a", "attach b", "attach b", "attach c", "attach c"],
    ]);
  });

  it("opens the fallbacks at the start, so that a wrong path is known then", async () => {
    const world = new World();
    const gone = () => Promise.reject(failure("ERR_SCX_FILE_NOT_FOUND"));
    await expect(world.supervise("a", { fallbacks: [gone] })).rejects.toMatchObject({ code: "ERR_SCX_FILE_NOT_FOUND" });
    expect(world.events).toEqual([]);
  });

  it("takes the fallback at once when the verifier refuses the first", async () => {
    const world = new World();
    world.loads = [failure("ERR_SCX_VERIFIER")];
    const failed: unknown[] = [];
    const run = await world.supervise("a", {
      fallbacks: [world.open("b")],
      restart: { policy: "on-failure", ...quick },
      failed: (error) => failed.push(error),
    });
    expect(run.stats.scheduler).toBe("b");
    expect(failed).toMatchObject([{ code: "ERR_SCX_VERIFIER" }]);
    await run.stop();
    expect(world.events).toContain("unreg in epoch 0");
  });

  it("doesn't take it when the machine or the caller is at fault", async () => {
    const world = new World();
    world.loads = [failure("ERR_SCX_PRIVILEGE")];
    const run = world.supervise("a", { fallbacks: [world.open("b")] });
    await expect(run).rejects.toMatchObject({ code: "ERR_SCX_PRIVILEGE" });
    expect(world.events.some((event) => event.startsWith("attach"))).toBe(false);
  });

  it("counts a restart that fails as a failure, and says at last why", async () => {
    const world = new World();
    const run = await world.supervise("a", { restart: { policy: "on-failure", limit: 2, ...quick } });
    world.loads = [failure("ERR_SCX_LOAD"), failure("ERR_SCX_LOAD")];
    world.leave("error");
    expect(await run.ended).toMatchObject({ exit: { kind: "error" }, error: { code: "ERR_SCX_LOAD" } });
  });

  it("keeps all of them loaded when told, and attaches the same again", async () => {
    const world = new World();
    const run = await world.supervise("a", {
      keepLoaded: true,
      fallbacks: [world.open("b")],
      loaded: () => void world.events.push("ready"),
      restart: { policy: "on-failure", limit: 1, ...quick },
    });
    for (let i = 0; i < 2; i++) {
      const next = world.next();
      world.leave("error");
      await next;
    }
    await run.stop();
    expect(world.events).toEqual([
      ...["open a", "load a for good", "open b", "load b for good", "ready"],
      ...["attach a", "error in epoch 0", "attach a", "error in epoch 1", "attach b", "unreg in epoch 2"],
      ...["free a", "free b"],
    ]);
  });

  it("tells of the one among them that can't be loaded", async () => {
    const world = new World();
    world.loads = [undefined, failure("ERR_SCX_VERIFIER")];
    const failed: unknown[] = [];
    const run = world.supervise("a", {
      keepLoaded: true,
      fallbacks: [world.open("b")],
      failed: (error) => failed.push(error),
    });
    await expect(run).rejects.toMatchObject({ code: "ERR_SCX_VERIFIER" });
    expect(failed).toMatchObject([{ code: "ERR_SCX_VERIFIER" }]);
    expect(world.events.at(-1)).toBe("free a");
  });

  it("doesn't say that the kernel's own has taken over when another runs", async () => {
    const world = new World();
    const said: string[] = [];
    const listener = (record: unknown) => void said.push((record as LogRecord).text);
    subscribe("scxkit:log", listener);
    try {
      const run = await world.supervise("a", { restart: { policy: "on-failure", limit: 1, ...quick } });
      world.loads = [failure("ERR_SCX_BUSY")];
      world.leave("error");
      expect(await run.ended).toMatchObject({ error: { code: "ERR_SCX_BUSY" } });
    } finally {
      unsubscribe("scxkit:log", listener);
    }
    expect(said.at(-1)).toBe("a is given up: made up: ERR_SCX_BUSY; that one goes on");
  });

  it("attaches nothing when what has to be ready can't be", async () => {
    const world = new World();
    const loaded = () => Promise.reject(failure("ERR_SCX_SOCKET_IN_USE"));
    const run = world.supervise("a", { loaded, fallbacks: [world.open("b")] });
    await expect(run).rejects.toMatchObject({ code: "ERR_SCX_SOCKET_IN_USE" });
    expect(world.events).toEqual(["open b", "close b", "open a", "load a", "free a"]);
  });

  it("stops while it waits for a restart", async () => {
    const world = new World();
    const run = await world.supervise("a", { restart: { policy: "always", delayMs: 60_000 } });
    world.leave("error");
    await new Promise((resolve) => setImmediate(resolve));
    await run.stop();
    expect(await run.ended).toMatchObject({ exit: { kind: "error" }, error: undefined, waiting: true });
  });

  it("was not waiting when it was stopped as a scheduler ran", async () => {
    const run = await new World().supervise("a");
    await run.stop();
    expect(await run.ended).toMatchObject({ exit: { kind: "unreg" }, waiting: false });
  });

  it("takes another's place when it is loaded, and goes on with its run", async () => {
    const world = new World();
    const first = await world.supervise("a");
    const second = await world.supervise("b", { after: first });
    expect(second.stats).toBe(first.stats);
    expect(await first.ended).toMatchObject({ exit: { kind: "unreg", ops: "a" } });
    await second.stop();
    expect(world.events).toEqual([
      ...["open a", "load a", "attach a", "open b", "load b", "unreg in epoch 0", "free a"],
      ...["attach b", "unreg in epoch 1", "free b"],
    ]);
    await second.stats.ended;
  });

  it("takes nothing away when it can't be loaded", async () => {
    const world = new World();
    const first = await world.supervise("a");
    world.loads = [failure("ERR_SCX_VERIFIER")];
    await expect(world.supervise("b", { after: first })).rejects.toMatchObject({ code: "ERR_SCX_VERIFIER" });
    expect([first.scheduler, first.stats.scheduler, first.stats.epoch]).toEqual([expect.anything(), "a", 0]);
    await first.stop();
    await first.stats.ended;
    expect(world.events).toEqual(["open a", "load a", "attach a", "open b", "unreg in epoch 0", "free a"]);
  });

  it("lets the former one come back when it can't be attached", async () => {
    const world = new World();
    const first = await world.supervise("a");
    const loaded = () => Promise.reject(failure("ERR_SCX_SOCKET_IN_USE"));
    const second = world.supervise("b", { after: first, loaded });
    await expect(second).rejects.toMatchObject({ code: "ERR_SCX_SOCKET_IN_USE" });
    const third = await world.supervise("a", { after: first });
    expect([third.stats.scheduler, third.stats.epoch]).toEqual(["a", 1]);
    await third.stop();
    await third.stats.ended;
  });

  it("leaves the run open until it is said that nothing will come, when it can't be attached", async () => {
    const world = new World();
    const first = await world.supervise("a");
    let ended = false;
    void first.stats.ended.then(() => {
      ended = true;
    });
    const loaded = () => Promise.reject(failure("ERR_SCX_SOCKET_IN_USE"));
    await expect(world.supervise("b", { after: first, loaded })).rejects.toMatchObject({ op: "load" });
    expect(ended).toBe(false);
    await first.stop();
    await first.stats.ended;
  });

  it("keeps neither those whose place it took nor their statistics", async () => {
    const world = new World();
    const chain: WeakRef<Supervisor>[] = [];
    let last = await world.supervise("a");
    for (let i = 0; i < 3; i++) {
      chain.push(new WeakRef(last));
      last = await world.supervise("a", { after: last });
    }
    await new Promise((resolve) => setImmediate(resolve)); // a WeakRef holds on until the turn ends
    gc();
    expect(chain.map((one) => one.deref())).toEqual([undefined, undefined, undefined]);
    expect(world.sources.map((one) => one.deref()?.scheduler)).toEqual([undefined, undefined, undefined, "a"]);
    await last.stop();
  });

  it("is given up before it began", async () => {
    const abort = new AbortController();
    abort.abort();
    const world = new World();
    await expect(world.supervise("a", { signal: abort.signal })).rejects.toMatchObject({ code: "ERR_SCX_ABORTED" });
    expect(world.events.some((event) => event.startsWith("attach"))).toBe(false);
  });
});
