// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildPeer } from "../interop/cargo.js";
import { type Bench, type Comparison, figure, type Growth, median, peer, place } from "./compare.js";

const rounds = 5;
/** How long a round measures, on either side. */
const roundMs = 2000;
/** Values change every so many ms, as with a monitor's shortest interval in practice. */
const intervalMs = 100;
/** A layer takes some 90 bytes of a reply. */
const layersFor = (bytes: number) => Math.max(1, Math.round((bytes - 66) / 90));

/** A server in a process of its own, ours or upstream's, and the load put on it. */
class Server {
  readonly #process: ChildProcess;
  readonly #path: string;

  private constructor(child: ChildProcess, path: string) {
    this.#process = child;
    this.#path = path;
  }

  static async start(command: readonly string[], path: string, bytes: number): Promise<Server> {
    const [program = "", ...args] = [...command, path, String(layersFor(bytes)), String(intervalMs)];
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const server = new Server(child, path);
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, "data"),
      once(child, "exit").then(() => Promise.reject(new Error(`${program} ended before it served`))),
    ]);
    server.rate(16, 500); // what a server's first requests take is another matter
    return server;
  }

  /** Requests answered in a second. */
  rate(connections: number, ms = roundMs): number {
    return Number(peer("requests", "rate", this.#path, String(connections), String(ms)));
  }

  /** Bytes of a reply. */
  replySize(): number {
    return Number(peer("requests", "size", this.#path));
  }

  /** Opens connections, each of which has had a reply, for as long as `act` takes. */
  async holding<T>(connections: number, act: () => T): Promise<T> {
    const program = fileURLToPath(new URL("../../build/bench/requests", import.meta.url));
    const child = spawn(program, ["hold", this.#path, String(connections)], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = once(child, "exit");
    await Promise.race([
      once(child.stdout, "data"),
      ended.then(() => Promise.reject(new Error(`${connections} connections can't be held`))),
    ]);
    try {
      return act();
    } finally {
      child.stdin.end();
      await ended;
    }
  }

  /** That many requests sent in one go by a client that reads only when nobody takes any more of them. */
  flood(requests: number): void {
    const replies = Number(peer("requests", "flood", this.#path, String(requests)));
    if (replies !== requests) throw new Error(`${replies} replies to ${requests} requests`);
  }

  /** What it takes of memory now (VmRSS), or took at most (VmHWM), in KB. */
  memory(what: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.#process.pid}/status`, "utf8");
    return Number(new RegExp(`^${what}:\\s*(\\d+)`, "m").exec(status)?.[1]);
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await once(this.#process, "exit");
  }
}

/** KB a connection, of so many that have asked once and then nothing. */
async function memoryPerConnection(server: Server, connections: number): Promise<number> {
  const before = server.memory("VmRSS");
  return server.holding(connections, () => (server.memory("VmRSS") - before) / connections);
}

/** The server against upstream's (crate scx_stats), with the same replies, under the same load. */
export const bench: Bench = async () => {
  const built = await buildPeer("release");
  if ("missing" in built) throw new Error(built.missing);
  const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
  const commands = {
    ours: [process.execPath, fileURLToPath(new URL("serve.mjs", import.meta.url))],
    /** As upstream's schedulers use it: their main loop answers, through a channel. */
    upstream: [built.program, "bench"],
    /** As its example does: the connection's thread answers by itself. */
    direct: [built.program, "direct"],
  };
  let count = 0;
  const start = (whose: keyof typeof commands, bytes = 4096) =>
    Server.start(commands[whose], join(folder, `${whose}-${++count}`), bytes);
  const where = place("this machine");
  const comparisons: Comparison[] = [];
  const bySize: string[][] = [];
  const byClients: string[][] = [];
  const idle = { ours: [] as number[], theirs: [] as number[] };
  /** Alternating rounds. */
  const rates = (ours: Server, theirs: Server, connections: number, times: number) => {
    const values = { ours: [] as number[], theirs: [] as number[] };
    for (let i = 0; i < times; i++) {
      values.ours.push(ours.rate(connections));
      values.theirs.push(theirs.rate(connections));
    }
    return values;
  };
  const growthRow = (name: string, values: { ours: number[]; theirs: number[] }) => {
    const [ours, theirs] = [median(values.ours), median(values.theirs)];
    return [name, figure(ours), figure(theirs), `${figure(ours / theirs)}x`];
  };
  try {
    const [ours, theirs, direct] = [await start("ours"), await start("upstream"), await start("direct")];
    const [size, theirSize] = [ours.replySize(), theirs.replySize()];
    // A digit more or less, as the values grow.
    if (Math.abs(size - theirSize) > 100)
      throw new Error(`replies of ${size} and ${theirSize} bytes can't be compared`);
    for (const [clients, atLeast] of [
      [1, 1.3],
      [4, undefined],
      [16, 5],
      [64, 8],
      [256, undefined],
    ] as const) {
      const values = rates(ours, theirs, clients, atLeast === undefined ? 1 : rounds);
      const alone = direct.rate(clients);
      byClients.push([...growthRow(String(clients), values), figure(alone), `${figure(median(values.ours) / alone)}x`]);
      if (atLeast !== undefined)
        comparisons.push({
          what: `the socket: 4 KB replies to ${clients} client${clients > 1 ? "s that ask" : " that asks"} without a pause`,
          where,
          unit: "requests/s",
          limit: { atLeast },
          ours: values.ours,
          peer: { name: "upstream's server, as its schedulers use it", values: values.theirs },
        });
    }
    await Promise.all([ours.stop(), theirs.stop(), direct.stop()]);

    for (let i = 0; i < 3; i++) {
      const [mine, others] = [await start("ours"), await start("upstream")];
      idle.ours.push(await memoryPerConnection(mine, 5000));
      // A thread each: more of them than that, and many machines are at their limit.
      idle.theirs.push(await memoryPerConnection(others, 1000));
      await Promise.all([mine.stop(), others.stop()]);
    }
    comparisons.push({
      what: "the socket: memory of an idle connection, of 5,000",
      where,
      unit: "KB",
      limit: { atMost: 7 },
      ours: idle.ours,
    });

    const held = await start("ours");
    const active = { alone: [] as number[], among: [] as number[] };
    for (let i = 0; i < rounds; i++) {
      active.alone.push(held.rate(1));
      active.among.push(await held.holding(10_000, () => held.rate(1)));
    }
    comparisons.push({
      what: "the socket: one client that asks without a pause, while 10,000 others are connected",
      where,
      unit: "requests/s",
      limit: { atLeast: 0.7 },
      ours: active.among,
      peer: { name: "alone", values: active.alone },
    });
    await held.stop();

    const flooded: number[] = [];
    for (let i = 0; i < 3; i++) {
      const server = await start("ours");
      server.flood(400_000);
      flooded.push(server.memory("VmHWM") / 1024);
      await server.stop();
    }
    comparisons.push({
      what: "the socket: the whole process at its most, while one client sends 400,000 requests before it reads",
      where,
      unit: "MB",
      limit: { atMost: 100 },
      ours: flooded,
    });

    for (const kb of [1, 4, 16, 64, 256, 1024]) {
      const [mine, others] = [await start("ours", kb * 1024), await start("upstream", kb * 1024)];
      bySize.push(growthRow(`${kb} KB`, rates(mine, others, 16, 1)));
      await Promise.all([mine.stop(), others.stop()]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const growth: Growth[] = [
    {
      what: "Memory of an idle connection",
      columns: ["server", "connections", "KB each"],
      rows: [
        ["scxkit", "5,000", figure(median(idle.ours))],
        ["upstream's server", "1,000", figure(median(idle.theirs))],
      ],
    },
    {
      what: "Requests/s by clients, 4 KB replies; upstream's server as its schedulers use it, whose main loop answers, and as its example does",
      columns: ["clients", "scxkit", "upstream's server", "ratio", "its example", "ratio"],
      rows: byClients,
    },
    {
      what: "Requests/s by size of the reply, 16 clients",
      columns: ["reply", "scxkit", "upstream's server", "ratio"],
      rows: bySize,
    },
  ];
  return { comparisons, growth };
};
