// SPDX-License-Identifier: MIT
import { spawn } from "node:child_process";
import { getEventListeners, once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, get } from "node:http";
import { type AddressInfo, createServer as createStream } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { Agent } from "../../../src/agent/agent.js";
import { loadConfig } from "../../../src/agent/load.js";
import { ServiceManager } from "../../../src/agent/notify.js";
import { declaredTarget, defineStats, type StatsSchema, StatsServer, schedExt, stat } from "../../../src/index.js";
import { start as startCommand } from "../cli/started.js";
import { folder } from "./config.js";

const share = new URL("../../../src/agent/share/", import.meta.url).pathname;

/** A module whose sinks, sources and the like leave what they see where the test finds it. */
const own = `
  export const seen = (globalThis.scxkitSeen ??= { made: 0, records: [], reads: 0, refuse: false });
  export class Sink {
    static metrics = true;
    constructor(options) { seen.made++; this.options = options; }
    open() { if (seen.refuse || this.options.refuse) throw new Error("refused"); seen.opened = (seen.opened ?? 0) + 1; }
    write(records) {
      if (seen.down) throw new Error("down");
      seen.records.push(...records);
      seen.wake?.();
    }
    close() { seen.closed = (seen.closed ?? 0) + 1; }
  }
  export class Down { write() { throw new Error("down"); } }
  export class Source {
    name = "mine";
    schema = { name: "mine", stats: [{ name: "reads", kind: "counter" }] };
    constructor() { seen.sources = (seen.sources ?? 0) + 1; }
    read() {
      if (this.closed) throw new Error("closed");
      return { reads: BigInt(++seen.reads) };
    }
    close() {
      if (this.closed) seen.closedTwice = true;
      this.closed = true;
      seen.sources--;
    }
  }
  export class Broken { name = "broken"; schema = { name: "broken", stats: [] }; read() { throw "broken"; } }
  export const every = () => ({ *see({ group, values }) {
    if (group === "mine" && values.get("mine.reads") > 0) yield { metric: "mine.reads", value: 1, why: "it was read" };
  } });
  export class Lasting {
    constructor() { this.index = (seen.looked ??= []).push(0) - 1; }
    *see({ group }) {
      if (group !== "mine") return;
      seen.looked[this.index]++;
      yield { metric: "mine.reads", value: 1, why: "it was read" };
    }
  }
  export const asked = () => ({ describe() { seen.asked = (seen.asked ?? 0) + 1; return "act"; }, act() {} });
`;

interface Seen {
  made: number;
  records: {
    type: string;
    group?: string;
    name?: string;
    labels: object;
    schema?: StatsSchema;
    sample?: { stats: object; interval: bigint };
    fields?: object;
  }[];
  reads: number;
  refuse: boolean;
  /** Whether sinks take nothing. */
  down?: boolean;
  opened?: number;
  closed?: number;
  /** Sources that were made and not closed. */
  sources?: number;
  closedTwice?: boolean;
  /** How often each detector was shown a sample. */
  looked?: number[];
  /** How often an actuator was asked. */
  asked?: number;
  wake?: () => void;
}

/** A counter or a level of a record, where it has that. */
const valueIn = ({ sample }: Seen["records"][number], name: string) =>
  (sample?.stats as Record<string, { value?: bigint; total?: bigint }> | undefined)?.[name];

/** An agent by this config, in a folder of its own; `seen` is what its module's components saw. */
async function start(text: string) {
  const fresh: Seen = { made: 0, records: [], reads: 0, refuse: false };
  (globalThis as { scxkitSeen?: Seen }).scxkitSeen = fresh;
  const root = folder({ "own.mjs": own });
  const file = join(root, "agent.yaml");
  const config = (to: string) => {
    writeFileSync(file, to);
    return loadConfig(file, {});
  };
  const agent = await Agent.start(await config(text));
  const until = async (matches: (record: Seen["records"][number]) => boolean, from = 0) => {
    for (;;) {
      const found = fresh.records.slice(from).find(matches);
      if (found) return found;
      await new Promise<void>((resolve) => {
        fresh.wake = resolve;
      });
    }
  };
  return { agent, seen: fresh, until, reload: async (to: string) => agent.reload(await config(to)) };
}

const base = `
intervalMs: 20
groups: [self, pressure]
labels: { site: a }
standardLabels: [host]
sinks:
  - ./own.mjs#Sink: {}
sources:
  - ./own.mjs#Source: {}
`;

describe("an agent", { timeout: 60_000 }, () => {
  it("gives its sinks groups and sources, every interval, with labels", async () => {
    const { agent, seen, until } = await start(`${base}  - ./own.mjs#Broken: {}\n`);
    const first = await until(({ group }) => group === "mine");
    expect(first).toMatchObject({ labels: { site: "a", host: expect.any(String) }, sample: { stats: { reads: {} } } });
    const self = await until(({ group, sample }) => group === "self" && "ticks_missed" in (sample?.stats ?? {}), 5);
    expect(self.sample?.stats).toMatchObject({
      errors: { total: expect.any(BigInt) },
      dropped: { total: 0n },
      lateness: { value: expect.any(BigInt) },
    });
    await until(({ group, sample }) => group === "mine" && (sample?.interval ?? 0n) > 0n);
    await agent.stop();
    const reads = seen.records.filter(({ group }) => group === "mine").map(({ sample }) => sample?.stats);
    const totals = reads.map((stats) => (stats as { reads: { total: bigint } }).reads.total);
    expect(totals).toEqual(totals.map((_, i) => BigInt(i + 1))); // none lost, in order
    expect(seen.closed).toBe(1);
    expect(await agent.ended).toBeUndefined();
  });

  it("makes a mapping's component once, and tells its detectors' sinks of anomalies", async () => {
    const { agent, seen, until } = await start(`
intervalMs: 20
groups: []
sinks: [&one { ./own.mjs#Sink: {} }, *one]
sources: [{ ./own.mjs#Source: {} }]
detectors:
  - name: reader
    ./own.mjs#every: {}
    sinks: [*one]
`);
    const event = await until(({ name }) => name === "anomaly");
    expect(event).toMatchObject({
      type: "event",
      severity: "warning",
      message: "reader: mine.reads: it was read",
      fields: { detector: "reader", phase: "begins", group: "mine" },
    });
    const { sample } = await until(({ group }) => group === "anomalies", seen.records.length);
    expect(sample?.stats).toMatchObject({
      detectors: { entries: { reader: { fields: { anomalies: { total: 1n }, active: { value: 1n } } } } },
    });
    await agent.stop();
    expect(seen.closed).toBe(1);
  });

  it("shows its detectors what the sinks and schedulers come to, which ends no anomaly in this process' own values", async () => {
    const { agent, seen, until } = await start(`
intervalMs: 20
groups: [self]
sinks:
  - ./own.mjs#Sink: {}
  - ./own.mjs#Down: { queue: 1, batch: 1, retries: 0 }
    name: down
scheduler: { socket: ${join(folder(), "none")} }
detectors:
  - { name: lost, threshold: { metric: self.sinks.*.dropped, above: 0 } }
  - { name: away, threshold: { metric: self.up, below: 1 } }
  - { name: large, threshold: { metric: self.memory, above: 1 } }
  - { name: steady, change: { metric: self.uptime, above: 1 } }
`);
    const begins = (name: string, metric: string) =>
      until(({ fields }) => {
        const { detector, phase, metric: which } = (fields ?? {}) as Record<string, string>;
        return detector === name && phase === "begins" && which === metric;
      });
    await begins("lost", "self.sinks.down.dropped");
    await begins("away", "self.up");
    await begins("large", "self.memory");
    await begins("steady", "self.uptime");
    await until(({ group }) => group === "self", seen.records.length);
    await until(({ group }) => group === "self", seen.records.length);
    await agent.stop();
    const ends = seen.records.filter(({ fields }) => (fields as { phase?: string })?.phase === "ends");
    expect(ends.filter(({ fields }) => (fields as { detector: string }).detector !== "lost")).toEqual([]);
  });

  it("goes on by another config without losing what it counted", async () => {
    const { agent, seen, until, reload } = await start(base);
    await until(({ group }) => group === "mine");
    const made = seen.made;
    const from = seen.records.length;
    await reload(
      base
        .replace("site: a", "site: b")
        .replace("intervalMs: 20", "intervalMs: 10")
        .replace("[self, pressure]", "[self]"),
    );
    const after = await until(({ labels }) => "site" in labels && labels.site === "b", from);
    expect(after).toBeDefined();
    await until(({ group }) => group === "mine", seen.records.length);
    expect(seen.closed).toBeUndefined(); // the same sink
    expect(seen.made).toBeGreaterThan(made); // though another was made for the check
    const totals = seen.records
      .filter(({ group }) => group === "mine")
      .map(({ sample }) => (sample as { stats: { reads: { total: bigint; delta: bigint } } }).stats.reads);
    expect(totals.map(({ total }) => total)).toEqual(totals.map((_, i) => BigInt(i + 1)));
    expect(totals.slice(1).every(({ delta }) => delta === 1n)).toBe(true);
    expect(seen.sources).toBe(1);
    await agent.stop();
    expect(seen.sources).toBe(0);
  });

  it("has the same labels for the same config, and after another one keeps what a full queue counted", async () => {
    // A sink that is down until it is told otherwise.
    const sink = "sinks:\n  - ./own.mjs#Sink: { queue: 3, batch: 1, retryMs: 1, retryMaxMs: 1 }";
    const config = base.replace(/sinks:\n.*/, sink).replace("[self, pressure]", "[]");
    const { agent, seen, until, reload } = await start(config);
    await until(({ group }) => group === "mine");
    seen.down = true;
    const reads = (more: number) => expect.poll(() => seen.reads).toBeGreaterThan(seen.reads + more);
    await reads(3);
    await reload(config);
    await reads(3);
    await reload(config.replace("site: a", "site: b"));
    await reads(6);
    seen.down = false;
    await agent.stop();
    const labels = new Set(seen.records.map((record) => record.labels));
    expect([...labels].map((one) => (one as { site: string }).site)).toEqual(["a", "b"]);
    const mine = seen.records.filter(({ group }) => group === "mine");
    const deltas = mine.map(({ sample }) => (sample as { stats: { reads: { delta: bigint } } }).stats.reads.delta);
    // The first one's events were counted before anybody read them.
    expect(deltas.reduce((sum, delta) => sum + delta)).toBe(BigInt(seen.reads - 1));
  });

  it("keeps what the file doesn't name, wherever it stands among others of its kind", async () => {
    const config = `${base}
detectors:
  - ./own.mjs#Lasting: {}
`;
    const { agent, seen, until, reload } = await start(config);
    await until(({ name }) => name === "anomaly");
    const index = seen.looked?.findIndex((times) => times > 0) as number;
    const [from, looked] = [seen.records.length, seen.looked?.[index] as number];
    await reload(
      config
        .replace("sinks:\n", "sinks:\n  - ./own.mjs#Sink: { other: 1 }\n")
        .replace("detectors:\n", "detectors:\n  - ./own.mjs#Lasting: { other: 1 }\n"),
    );
    const begun = await until(({ name }) => name === "anomaly", from);
    expect(begun.fields).toMatchObject({ detector: "Lasting_2", phase: "begins" }); // the new one's, though it stands first
    const report = await until((record) => "sinks" in (record.sample?.stats ?? {}), seen.records.length);
    const { entries } = (report as { sample: { stats: { sinks: { entries: object } } } }).sample.stats.sinks;
    expect(Object.keys(entries)).toEqual(["Sink_2", "Sink"]);
    await agent.stop();
    expect(seen.opened).toBe(2);
    expect(seen.looked?.[index]).toBeGreaterThan(looked);
    const events = seen.records.slice(from).filter(({ type }) => type === "event");
    expect(new Set(events.map(({ fields }) => (fields as { detector: string }).detector))).toEqual(
      new Set(["Lasting_2"]),
    );
  });

  it("tells of the groups that another config takes away, and ends anomalies in them", async () => {
    const config = `${base}
detectors:
  - ./own.mjs#every: {}
actuators:
  - ./own.mjs#asked: {}
    when: ends
    enabled: true
`;
    const { agent, seen, until, reload } = await start(config);
    await until(({ name }) => name === "anomaly");
    const from = seen.records.length;
    await reload(config.replace(/sources:.*?\n\n/s, "").replace("[self, pressure]", "[self]"));
    expect(await until(({ name }) => name === "anomaly", from)).toMatchObject({
      message: "every: mine.reads: nobody looks any more",
      fields: { phase: "ends", group: "mine", unseen: true },
    });
    expect(await until(({ name }) => name === "ended", from)).toMatchObject({
      message: "no longer collected: pressure, mine",
      fields: { groups: ["pressure", "mine"] },
    });
    await agent.stop();
    expect(seen.asked).toBeUndefined(); // nothing has got better
  });

  it("stays as it was when the other one can't be had", async () => {
    const { agent, seen, until, reload } = await start(base);
    await until(({ group }) => group === "mine");
    seen.refuse = true;
    await expect(reload(`${base}`.replace("Sink: {}", "Sink: { another: 1 }"))).rejects.toThrow("refused");
    seen.refuse = false;
    await expect(reload(`${base}nonsense: 1\n`)).rejects.toMatchObject({ code: "ERR_SCX_CONFIG" });
    await reload(base);
    await until(({ group }) => group === "mine", seen.records.length);
    await agent.stop();
  });

  it("goes on with sources, detectors and anomalies while another config fails late, time and again", async () => {
    const config = `${base}
detectors:
  - ./own.mjs#Lasting: {}
`;
    const { agent, seen, until, reload } = await start(config);
    await until(({ name }) => name === "anomaly");
    const made = seen.looked?.length;
    const from = seen.records.length;
    // All of it is opened by then but the scheduler, or the socket on which it is to be served.
    const late = `scheduler: { running: true }\nserve: ${folder()}\n`;
    const failing = [
      `${config}${late}`,
      `${base.replace(/sources:.*/s, "").replace("[self, pressure]", "[state]")}${late}`,
      `${config.replace("Source: {}", "Source: { other: 1 }").replace("Lasting", "every")}${late}`,
      `${config}${late}`,
    ];
    for (const text of failing) {
      await expect(reload(text)).rejects.toThrow();
      expect(seen.sources).toBe(1); // what was made for it is closed
      await until(({ group }) => group === "mine", seen.records.length);
    }
    await reload(config);
    await until(({ group }) => group === "mine", seen.records.length);
    await agent.stop();
    expect(seen.sources).toBe(0);
    expect(seen.closedTwice).toBeUndefined();
    const after = seen.records.slice(from);
    expect(after.filter(({ type }) => type === "event")).toEqual([]);
    const totals = seen.records
      .filter(({ group }) => group === "mine")
      .map(({ sample }) => (sample as { stats: { reads: { total: bigint } } }).stats.reads.total);
    expect([...new Set(totals)]).toEqual(Array.from({ length: seen.reads }, (_, i) => BigInt(i + 1)));
    expect(seen.looked?.filter((times) => times > 0)).toHaveLength(1); // one detector saw all of it
    expect(seen.looked?.length).toBeGreaterThan(made as number);
  });

  it("closes nothing for a sink that can't be opened, nor for a scheduler that can't be had", async () => {
    const { agent, seen, until, reload } = await start(base);
    await until(({ group }) => group === "mine");
    const other = base.replace("Sink: {}", "Sink: { another: 1 }");
    await expect(reload(other.replace("another: 1", "refuse: true"))).rejects.toThrow("refused");
    expect(seen).toMatchObject({ opened: 1, closed: 1 }); // the one that was refused
    // What is collected comes after the sinks, and is refused: the other sink was opened by then.
    await expect(reload(`${other}serve: ${folder()}\nscheduler: { running: true }\n`)).rejects.toThrow();
    expect(seen).toMatchObject({ opened: 2, closed: 2 });
    await until(({ group }) => group === "mine", seen.records.length);
    await agent.stop();
    expect(seen).toMatchObject({ opened: 2, closed: 3 });
    const reads = seen.records.filter(({ group }) => group === "mine").map(({ sample }) => sample?.stats);
    const totals = reads.map((stats) => (stats as { reads: { total: bigint } }).reads.total);
    expect([...new Set(totals)]).toEqual(Array.from({ length: seen.reads }, (_, i) => BigInt(i + 1))); // no gap
  });

  it("lets a sink take the place of one that has what it wants", async () => {
    const prometheus = (path: string, port: number) =>
      `${base.replace("sinks:", `sinks:\n  - prometheus: { listen: "127.0.0.1:${port}", path: ${path} }`)}`;
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, "close");
    const { agent, reload } = await start(prometheus("/one", port));
    const status = async (path: string) => {
      const [response] = await once(get({ port, path, agent: false }), "response");
      return response.resume().statusCode;
    };
    await reload(prometheus("/two", port));
    expect([await status("/one"), await status("/two")]).toEqual([404, 200]);
    const held = createServer().listen(0, "127.0.0.1");
    await once(held, "listening");
    await expect(reload(prometheus("/three", (held.address() as AddressInfo).port))).rejects.toThrow("in use");
    held.close();
    expect(await status("/two")).toBe(200);
    await agent.stop();
  });

  it("leaves nothing at a signal that outlives it", async () => {
    const { signal } = new AbortController();
    const file = join(folder({ "agent.yaml": "sinks: [{ log: }]\n" }), "agent.yaml");
    const agent = await Agent.start(await loadConfig(file), { signal });
    expect(getEventListeners(signal, "abort").length).toBe(1);
    await agent.stop();
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  it("isn't started when a sink can't be opened", async () => {
    const config = `sinks: [{ jsonl: { file: ${join(folder(), "no", "such", "file")} } }]`;
    await expect(start(config)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SCX_/) });
  });

  it("watches a scheduler behind a socket, which may come later and go", async () => {
    const path = join(folder(), "stats");
    let moved = 5n;
    const balance = defineStats("balance", { moved: stat.counter("tasks moved") }, { top: true });
    const serve = () => StatsServer.listen({ path, targets: { top: declaredTarget(balance, () => ({ moved })) } });
    const config = `
scheduler: { socket: ${path} }
intervalMs: 20
groups: [stats, self]
sinks: [{ ./own.mjs#Sink: { groups: [stats, self] } }]
detectors: [{ name: still, threshold: { metric: stats.moved, below: 1 } }]
`;
    const { agent, until, seen, reload } = await start(config);
    const isUp = (up: bigint) => (record: Seen["records"][number]) => valueIn(record, "up")?.value === up;
    await until(isUp(0n));
    const server = await serve();
    const first = await until(({ group }) => group === "stats");
    expect(first.sample).toMatchObject({
      scheduler: schedExt.running() ?? "balance",
      state: schedExt.exists() ? expect.stringMatching(/abl/) : "", // nobody knows what runs where there is none
      stats: { moved: { total: 5n, delta: 0n } },
    });
    await until(isUp(1n));
    let from = seen.records.length;
    await server.close();
    expect(await until(({ name }) => name === "away", from)).toMatchObject({
      fields: { scheduler: expect.any(String) },
    });
    expect(await until(({ name }) => name === "anomaly", from)).toMatchObject({
      message: "still: stats.moved: its scheduler has gone",
      fields: { detector: "still", phase: "ends", gone: true },
    });
    await until(isUp(0n), from);
    from = seen.records.length;
    // Nor do other groups call it by its name any more.
    const self = await until(({ sample }) => "uptime" in (sample?.stats ?? {}), from);
    expect(self.sample).toMatchObject({ scheduler: "" });
    moved = 2n; // another one, which counts from zero
    from = seen.records.length;
    await using _again = await serve();
    const next = await until(({ group }) => group === "stats", from);
    expect(next.sample).toMatchObject({ epoch: 1, stats: { moved: { total: 7n, delta: 2n } } });
    const faster = seen.records.length;
    await reload(config.replace("20", "10"));
    const last = await until(({ group }) => group === "stats", faster);
    expect(last.sample).toMatchObject({ epoch: 1, stats: { moved: { total: 7n, delta: 0n } } });
    expect(last.sample?.interval).toBeGreaterThan(0n);
    await agent.stop();
  });

  it("tells that a scheduler is away when another answers in its place by the next sample", async ({ skip }) => {
    skip(schedExt.running() !== undefined, "the scheduler that runs here gives its name to whoever answers");
    const path = join(folder(), "stats");
    const named = (name: string) =>
      declaredTarget(defineStats(name, { [name]: stat.counter("tasks") }, { top: true }), () => ({ [name]: 1n }));
    const server = await StatsServer.listen({ path, targets: { top: named("one") } });
    const { agent, seen, until } = await start(`
scheduler: { socket: ${path} }
intervalMs: 20
groups: [stats]
sinks: [{ ./own.mjs#Sink: {} }]
`);
    await until(({ group }) => group === "stats");
    const gone = server.removeTarget("top");
    server.addTarget("top", named("two"));
    await gone;
    const other = await until(({ sample }) => "two" in (sample?.stats ?? {}));
    expect(seen.records[seen.records.indexOf(other) - 1]).toMatchObject({ name: "away", fields: { scheduler: "one" } });
    await agent.stop();
    await server.close();
  });

  it("tries a socket again on which something else answered", async () => {
    const path = join(folder(), "stats");
    const other = createStream((client) => client.once("data", () => client.end("no JSON\n")));
    await once(other.listen(path), "listening");
    const { agent, until } = await start(`
scheduler: { socket: ${path} }
intervalMs: 20
groups: [stats, self]
sinks: [{ ./own.mjs#Sink: { groups: [stats, self] } }]
`);
    await until((record) => (valueIn(record, "errors")?.total ?? 0n) > 0n);
    await new Promise((resolve) => other.close(resolve));
    const balance = defineStats("balance", { moved: stat.counter("tasks moved") }, { top: true });
    await using _ = await StatsServer.listen({
      path,
      targets: { top: declaredTarget(balance, () => ({ moved: 5n })) },
    });
    expect(await until(({ group }) => group === "stats")).toMatchObject({
      sample: { stats: { moved: { total: 5n } } },
    });
    await agent.stop();
  }, 30_000);

  it("takes for counters what its rules say", async () => {
    const path = join(folder(), "stats");
    let moved = 5n;
    const balance = defineStats("balance", { moved: stat.u64("tasks moved") }, { top: true });
    await using _ = await StatsServer.listen({
      path,
      targets: { top: declaredTarget(balance, () => ({ moved: moved++ })) },
    });
    const config = (name: string) => `
scheduler:
  socket: ${path}
  rules: { stats: { balance.moved: { kind: counter, name: ${name} } } }
intervalMs: 20
groups: [stats]
sinks: [{ ./own.mjs#Sink: {} }]
`;
    const { agent, until, seen, reload } = await start(config("one"));
    const first = await until(({ group }) => group === "stats");
    expect(first).toMatchObject({
      schema: { stats: [{ name: "moved", kind: "counter", family: { name: "one" } }] },
      sample: { stats: { moved: { total: 5n, delta: 0n } } },
    });
    const next = await until(({ group }) => group === "stats", seen.records.indexOf(first) + 1);
    expect(next.sample).toMatchObject({ stats: { moved: { total: 6n, delta: 1n } } });
    await reload(config("other"));
    await until(({ schema }) => schema?.stats[0]?.family?.name === "other");
    await agent.stop();
  });

  it("watches on while another config fails, and whether its statistics are collected is for the last one to say", async () => {
    const path = join(folder(), "stats");
    let moved = 0n;
    const balance = defineStats("balance", { moved: stat.counter("tasks moved") }, { top: true });
    const targets = { top: declaredTarget(balance, () => ({ moved: ++moved })) };
    await using _ = await StatsServer.listen({ path, targets });
    const config = `${base.replace("[self, pressure]", "[stats]")}scheduler: { socket: ${path} }\n`;
    const { agent, until, seen, reload } = await start(config);
    const deltaOf = (record: unknown) =>
      (record as { sample: { stats: { moved: { delta: bigint } } } }).sample.stats.moved.delta;
    await until((record) => record.group === "stats" && deltaOf(record) > 0n);
    const from = seen.records.length;
    await expect(
      reload(config.replace("Sink: {}", "Sink: { refuse: true }").replace(path, `${path}2`)),
    ).rejects.toThrow("refused");
    await until(({ group }) => group === "mine", seen.records.length);
    await until(({ group }) => group === "stats", seen.records.length);
    const after = seen.records.slice(from).filter(({ group }) => group === "stats");
    expect(after.every((record) => deltaOf(record) > 0n)).toBe(true); // whoever begins to watch begins with none
    await reload(config.replace("[stats]", "[]"));
    await until(({ group }) => group === "mine", seen.records.length);
    const none = seen.records.length;
    await until(({ group }) => group === "mine", none);
    await until(({ group }) => group === "mine", seen.records.length);
    expect(seen.records.slice(none).filter(({ group }) => group === "stats")).toEqual([]);
    await agent.stop();
  });

  it("opens nothing any more when it is stopped in a reload", async () => {
    const { agent, seen, until, reload } = await start(base);
    await until(({ group }) => group === "mine");
    const reloaded = reload(base.replace("Sink: {}", "Sink: { another: 1 }"));
    await Promise.all([reloaded, agent.stop()]);
    await reload(base.replace("Sink: {}", "Sink: { third: 1 }"));
    expect(seen.opened).toBe(seen.closed);
  });
});

it("a SIGHUP before all runs is answered when it does", { timeout: 60_000 }, async () => {
  const hangsUp = `export class HangsUp {
    open() {
      return new Promise((resolve) => {
        process.once("SIGHUP", resolve);
        process.kill(process.pid, "SIGHUP");
      });
    }
    write() {}
  }`;
  const root = folder({ "sink.mjs": hangsUp, "agent.yaml": "groups: [self]\nsinks: [{ ./sink.mjs#HangsUp: {} }]" });
  const { child, until, end } = startCommand("agent", "--config", join(root, "agent.yaml"));
  await until(/agent\.yaml was read again/);
  child.kill("SIGTERM");
  expect(await end).toEqual([0, null]);
});

describe("what we ship as examples", { timeout: 60_000 }, () => {
  it("works", async () => {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        bodies.push(body);
        response.end();
        server.emit("posted");
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const file = join(folder(), "agent.yaml");
    writeFileSync(
      file,
      `
intervalMs: 20
groups: [cpu]
sinks: [{ ${share}http_sink.mjs#HttpSink: { url: "http://127.0.0.1:${port}/" } }]
sources: [{ ${share}load_source.mjs#LoadSource: {} }]
detectors: [{ ${share}imbalance_detector.mjs#Imbalance: { limit: -1 } }]
actuators: [{ ${share}slice_actuator.mjs#Slice: { global: slice_ns, during: 1, otherwise: 2 } }]
`,
    );
    const agent = await Agent.start(await loadConfig(file, {}));
    const lines = () => bodies.flatMap((body) => body.trimEnd().split("\n")).map((line) => JSON.parse(line));
    while (!lines().some(({ anomaly }) => anomaly)) await once(server, "posted");
    await agent.stop();
    server.close();
    server.closeAllConnections();
    const load = lines().find(({ group }) => group === "load");
    expect(load.stats.last_1m.value).toBeGreaterThanOrEqual(0);
    expect(lines().find(({ anomaly }) => anomaly).message).toMatch(/^Imbalance: cpu\.spread: the CPUs' use differs by/);

    const { Slice } = await import(join(share, "slice_actuator.mjs"));
    const written: unknown[] = [];
    const slice = new Slice({ global: "slice_ns", during: 1, otherwise: 2 });
    slice.act({ phase: "begins" }, { setGlobal: (...what: unknown[]) => written.push(what) });
    slice.act({ phase: "ends" }, { setGlobal: (...what: unknown[]) => written.push(what) });
    expect(written).toEqual([
      ["slice_ns", 1],
      ["slice_ns", 2],
    ]);
    expect(slice.describe({ phase: "begins" })).toBe("set slice_ns to 1");
  });
});

describe("scxkit agent, with a sink that never opens", { timeout: 60_000 }, () => {
  const never = "export class Sink { open() { console.log('opening'); return new Promise(() => {}); } write() {} }";

  it.each([["at the start"], ["of a reload"]])("ends when it is told to: %s", async (when) => {
    const root = folder({ "own.mjs": never });
    const file = join(root, "agent.yaml");
    const late = when === "of a reload";
    const text = "sinks: [{ ./own.mjs#Sink: {} }]\n";
    writeFileSync(file, late ? "groups: [cpu]\nintervalMs: 50\nsinks: [{ jsonl: }]\n" : text);
    const agent = startCommand("agent", "--config", file);
    if (late) {
      await agent.until(/"group":"cpu"/);
      writeFileSync(file, text);
      agent.child.kill("SIGHUP");
    }
    await agent.until(/opening/);
    agent.child.kill("SIGTERM");
    expect(await agent.end).toEqual([0, null]);
  });
});

describe("scxkit agent, with a component that fails where nobody waits", { timeout: 60_000 }, () => {
  it.each([
    ["a rejection", "Promise.reject(new Error('stray'));"],
    ["a timer", "setTimeout(() => { throw new Error('stray'); });"],
  ])("says so, writes what waits, and ends with 70: %s", async (_, fails) => {
    const module = `export class Sink { write() { ${fails} } close() { console.log("closed"); } }`;
    const root = folder({ "own.mjs": module });
    const file = join(root, "agent.yaml");
    writeFileSync(file, "groups: [cpu]\nintervalMs: 20\nsinks: [{ ./own.mjs#Sink: {} }]\n");
    const agent = startCommand("agent", "--config", file);
    expect(await agent.end).toEqual([70, null]);
    const said = await agent.until(/closed.*ERR_SCX|ERR_SCX.*closed/s);
    expect(said).toMatch(/^scxkit: An error that nobody caught: stray\. \[ERR_SCX_COMPONENT\]$/m);
    expect(said).not.toMatch(/^ +at /m);
  });
});

describe("the service manager", { timeout: 60_000 }, () => {
  // Node has no datagram sockets of this kind, and python3 is here for the build anyway.
  const receiver = `
import os, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
while True: print(repr(s.recv(4096).decode()), flush=True)`;

  it.each([
    ["a path", () => join(folder(), "notify")],
    ["an abstract name", () => `@scxkit-test-${process.pid}`],
  ])("is told by %s", async (_, name) => {
    const socket = name();
    const peer = spawn("python3", ["-c", receiver, socket], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value as string;
    expect(await next()).toBe("bound");
    const manager = new ServiceManager({
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: "40000",
      WATCHDOG_PID: `${process.pid}`,
    });
    manager.ready("watching");
    expect(await next()).toBe("'READY=1\\nSTATUS=watching'");
    expect(await next()).toBe("'WATCHDOG=1'");
    manager.reloading();
    let line = await next();
    while (line === "'WATCHDOG=1'") line = await next();
    expect(line).toMatch(/^'RELOADING=1\\nMONOTONIC_USEC=\d+'$/);
    const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1e6;
    expect(Math.abs(Number(/\d+(?='$)/.exec(line)) - uptime)).toBeLessThan(60e6);
    manager.stopping();
    line = await next();
    while (line === "'WATCHDOG=1'") line = await next();
    expect(line).toBe("'STOPPING=1'");
    peer.kill("SIGKILL");
  });

  it("is nobody outside of a service", () => {
    new ServiceManager({}).ready("x");
    new ServiceManager({ NOTIFY_SOCKET: "/nowhere/notify" }).ready("x"); // gone: no reason to end
  });
});
