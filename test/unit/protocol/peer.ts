// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SampleProvider, Target } from "../../../src/protocol/target.js";
import type { MetaStruct } from "../../../src/stats/meta.js";
import type { Sample, StatsSchema } from "../../../src/stats/schema.js";

/** A fresh folder that goes away with the test that asked for it. */
export function scratch(onTestFinished: (clean: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "scxkit-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * A server at a path of its own that answers each line as the test says.
 * @param answer given the line, where to write, and whether the line is the first of its piece
 */
export async function fakeServer(
  answer: (line: string, socket: Socket, first: boolean) => void,
  path: string = join(scratch(onTestFinished), "stats"),
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setEncoding("utf8"));
    socket.on("error", () => {});
    socket.on("data", (text: unknown) => {
      for (const [i, line] of String(text).split("\n").slice(0, -1).entries()) answer(line, socket, i === 0);
    });
  }).listen(path);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  return path;
}

/** A client that knows nothing but bytes. */
export class RawPeer {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  #wake: () => void = () => {};
  ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#wake();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.ended = true;
        this.#wake();
      });
    }
    socket.on("error", () => {});
  }

  static async connect(path: string): Promise<RawPeer> {
    const socket = createConnection({ path, allowHalfOpen: true });
    await once(socket, "connect");
    return new RawPeer(socket);
  }

  /** The next reply line, or "" when the server has ended the connection. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.received.indexOf(10);
      if (end !== -1) {
        const line = this.received.subarray(0, end).toString();
        this.received = this.received.subarray(end + 1);
        return line;
      }
      if (this.ended) return "";
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  ask(text: string | Uint8Array): Promise<string> {
    this.socket.write(text);
    return this.line();
  }

  /** Waits until the server has ended the connection. */
  async end(): Promise<void> {
    while (!this.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

export const stats = (target: string): string => `{"req":"stats","args":{"target":"${target}"}}\n`;

/** A sampler whose counter `local` stands wherever the test puts it. */
export class FakeSampler implements SampleProvider {
  readonly schema: StatsSchema = {
    name: "simple_stats",
    stats: [
      { name: "local", kind: "counter", desc: "an event counter" },
      { name: "depth", kind: "gauge" },
    ],
  };
  readonly scheduler = "simple";
  local = 0n;
  depth = 0n;
  at = 1n;
  /** How many consumers are open. */
  open = 0;
  #totals: Sample | undefined;

  totals(): Sample {
    if (this.#totals?.at !== this.at) this.#totals = this.#sample(this.local);
    return this.#totals;
  }

  consumer() {
    this.open++;
    let base = 0n;
    return {
      read: () => {
        const delta = this.local - base;
        base = this.local;
        return this.#sample(delta);
      },
      close: () => {
        this.open--;
      },
    };
  }

  #sample(delta: bigint): Sample {
    const values = { local: { total: this.local, delta }, depth: { value: this.depth } };
    return { at: this.at, interval: 1n, epoch: 0, scheduler: this.scheduler, state: "enabled", stats: values };
  }
}

/** What upstream's example server describes and answers. */
export function clusterTarget(): Target {
  const meta: MetaStruct[] = [
    {
      name: "ClusterStats",
      top: "true",
      desc: "cluster statistics",
      fields: new Map([
        ["name", { datum: "string" }],
        ["at", { datum: "u64", desc: "update timestamp" }],
        ["bitmap", { array: "u64", desc: "some bitmap we want to report", user: { _om_skip: "true" } }],
        ["doms_dict", { dict: { key: "u64", datum: { struct: "DomainStats" } }, desc: "domain statistics" }],
      ]),
    },
    {
      name: "DomainStats",
      desc: "domain statistics",
      user: { _om_prefix: "d_", _om_label: "domain_name" },
      fields: new Map([
        ["name", { datum: "string" }],
        ["events", { datum: "u64", desc: "an event counter" }],
        ["pressure", { datum: "float", desc: "a gauge number" }],
      ]),
    },
  ];
  const value = {
    name: "test cluster",
    at: 12345n,
    bitmap: [0xdeadbeefn, 0xbeefdeadn],
    doms_dict: new Map([
      [3n, { name: "domain 3", events: 5678n, pressure: 5.678 }],
      [0n, { name: "domain 0", events: 1234n, pressure: 1.234 }],
    ]),
  };
  return { meta, open: () => ({ read: () => value }) };
}
