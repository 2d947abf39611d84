// SPDX-License-Identifier: MIT
import { createServer, type Server, type Socket } from "node:net";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { assembleMeta } from "../stats/meta.js";
import { Connection } from "./connection.js";
import { checkSocketPath, clearWay, listenAt, stopListening } from "./path.js";
import { type Answerer, type Offer, ServerSession } from "./session.js";
import { EncodedReply, type SampleProvider, sampleTargets, type Target } from "./target.js";

const log = logger("protocol");

/** What a {@link StatsServer} is made of. */
export interface StatsServerOptions {
  /** The socket's path; `/var/run/scx/root/stats` is where upstream's tools look. */
  path: string;
  /** Gives the targets `top` and `delta`. Stays the caller's to close. */
  sampler?: SampleProvider;
  /** Further targets by name. */
  targets?: Readonly<Record<string, Target>> | ReadonlyMap<string, Target>;
  /** Answers every request in place of the targets; what it throws is the client's error. */
  answer?: Answerer;
  /** The socket's permissions; 0660 unless said otherwise. */
  mode?: number;
  /** Longest request line in bytes; 65536 unless said otherwise. A client that sends more is told so and cut off. */
  maxLine?: number;
}

/**
 * The scx_stats protocol's server: one JSON request a line over a UNIX stream socket, requests `stats` and `stats_meta`.
 * What it answers, upstream's own clients read.
 */
export class StatsServer {
  /** The socket's absolute path. */
  readonly path: string;
  readonly #server: Server;
  readonly #offer: Offer;
  readonly #maxLine: number;
  readonly #connections = new Set<Connection>();
  #sessions = 0;
  #stop: () => void = () => {};
  #closing: Promise<void> | undefined;

  private constructor(path: string, offer: Offer, maxLine: number) {
    this.path = path;
    this.#offer = offer;
    this.#maxLine = maxLine;
    // Half open: a client may close its side after its last request and still get the reply.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /**
   * Starts to listen. A socket left behind at the path by a server that has died is taken over; the folder is created.
   *
   * @throws ScxError ERR_SCX_SOCKET_PATH (too long, no access), ERR_SCX_SOCKET_IN_USE (a live server or any other file is
   * there), ERR_SCX_STATS_META (the targets' metadata contradicts itself), ERR_SCX_USAGE (a target given twice).
   */
  static async listen(options: StatsServerOptions): Promise<StatsServer> {
    const path = checkSocketPath(options.path, "listen");
    const targets = collectTargets(options);
    const meta = metaReply(targets);
    meta(); // contradictions are the caller's to know, not the first client's
    const server = new StatsServer(path, { targets, meta, answer: options.answer }, options.maxLine ?? 65_536);
    await clearWay(path);
    const own = await listenAt(server.#server, path, options.mode ?? 0o660);
    server.#stop = () => stopListening(server.#server, path, own);
    server.#server.on("error", (error) => log.warn(`accepting a connection failed: ${error.message}`));
    log.info(`listening at ${path}`);
    return server;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Stops listening, cuts every connection, closes their handlers and removes the socket, if it is still ours. Calling it
   * again gives the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.once("close", resolve));
    this.#stop();
    const connections = [...this.#connections];
    for (const connection of connections) connection.destroy();
    await Promise.all([closed, ...connections.map((connection) => connection.closed)]);
    log.info(`closed ${this.path}`);
  }

  #accept(socket: Socket): void {
    const session = new ServerSession(++this.#sessions, this.#offer);
    const connection = new Connection(socket, session, this.#maxLine);
    this.#connections.add(connection);
    log.debug(`connection ${session.id} opened`);
    const forget = () => this.#connections.delete(connection);
    connection.closed.then(forget, forget);
  }
}

/** The reply to `stats_meta`, made anew only when a target describes itself differently. */
function metaReply(targets: ReadonlyMap<string, Target>): () => EncodedReply {
  let made: { of: readonly Target["meta"][]; reply: EncodedReply } | undefined;
  return () => {
    const now = [...targets.values()].map((target) => target.meta);
    if (!made?.of.every((meta, i) => meta === now[i]))
      made = { of: now, reply: new EncodedReply(assembleMeta(new Set(now.flatMap((meta) => meta ?? [])))) };
    return made.reply;
  };
}

function collectTargets({ sampler, targets = {} }: StatsServerOptions): Map<string, Target> {
  const all = sampler === undefined ? new Map<string, Target>() : sampleTargets(sampler);
  for (const [name, target] of targets instanceof Map ? targets : Object.entries(targets)) {
    if (all.has(name)) {
      throw new ScxError("ERR_SCX_USAGE", {
        op: "listen",
        message: `The sampler gives target "${name}" already.`,
        remedy: "Give the further target another name.",
      });
    }
    all.set(name, target);
  }
  return all;
}
