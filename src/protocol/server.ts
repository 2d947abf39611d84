// SPDX-License-Identifier: MIT
import { createServer, type Server, type Socket } from "node:net";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { checkGiven } from "../given.js";
import type { PeerCredentials } from "../native/index.js";
import { groupId, userId } from "../process/account.js";
import { assembleMeta } from "../stats/meta.js";
import { Connection, type ConnectionLimits } from "./connection.js";
import { limitsOf, type ServerLimits } from "./limits.js";
import { listenAt, stopListening } from "./listen.js";
import { checkSocketPath } from "./path.js";
import { type AllowList, gatekeeper, peerOf } from "./peer.js";
import { type Answerer, type Offer, ServerSession } from "./session.js";
import { EncodedReply, type SampleProvider, sampleTargets, type Target } from "./target.js";

const log = logger("protocol");

/** What a {@link StatsServer} is made of. */
export interface StatsServerOptions extends ServerLimits {
  /** The socket's path; `/var/run/scx/root/stats` is where upstream's tools look. */
  path: string;
  /** Gives the targets `top` and `delta`. Stays the caller's to close. */
  sampler?: SampleProvider;
  /** Further targets by name; see also {@link StatsServer.addTarget}. */
  targets?: Readonly<Record<string, Target>> | ReadonlyMap<string, Target>;
  /** Answers every request in place of the targets; what it throws is the client's error. */
  answer?: Answerer;
  /** The socket's permissions; 0660 unless said otherwise. Who may not write to it can't connect. */
  mode?: number | undefined;
  /** The socket's owner and group, by name or number; the process's own unless given. */
  owner?: string | number | undefined;
  group?: string | number | undefined;
  /** Only these clients are served, by what the kernel says of them; all that can connect unless given. */
  allow?: AllowList | undefined;
}

/** How many clients that were turned away may be told why at a time; more are cut off without a word. */
const maxRefused = 64;

/**
 * The scx_stats protocol's server: one JSON request a line over a UNIX stream socket, requests `stats` and `stats_meta`.
 * What it answers, upstream's own clients read.
 */
export class StatsServer {
  /** The socket's absolute path. */
  readonly path: string;
  readonly #server: Server;
  readonly #targets: Map<string, Target>;
  readonly #offer: Offer;
  readonly #limits: ConnectionLimits;
  readonly #maxConnections: number;
  readonly #maxPerUser: number;
  readonly #refusal: (peer: PeerCredentials) => ScxError | undefined;
  readonly #connections = new Set<Connection>();
  /** How many of them each user has. */
  readonly #users = new Map<number, number>();
  readonly #refused = new Set<Connection>();
  /** Sessions whose handlers are being closed. */
  readonly #closings = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #sessions = 0;
  #stop: () => void = () => {};
  #closing: Promise<void> | undefined;

  private constructor(path: string, targets: Map<string, Target>, options: StatsServerOptions) {
    const { connections, perUser, tickMs, limits } = limitsOf(options);
    this.path = path;
    this.#targets = targets;
    this.#offer = { targets, meta: metaReply(targets), answer: options.answer };
    this.#offer.meta(); // contradictions are the caller's to know, not the first client's
    this.#limits = limits;
    this.#maxConnections = connections;
    this.#maxPerUser = perUser;
    this.#refusal = gatekeeper(options.allow);
    // Half open: a client may close its side after its last request and still get the reply.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
  }

  /**
   * Starts to listen. A socket left behind at the path by a server that has died is taken over; the folder is created. Of
   * several servers started at once one gets the path.
   *
   * @throws ScxError ERR_SCX_SOCKET_PATH (too long, no access), ERR_SCX_SOCKET_IN_USE (a live server, whose process is named,
   * or any other file is there), ERR_SCX_STATS_META (the targets' metadata contradicts itself), ERR_SCX_USAGE (a target given
   * twice, an unknown user or group, a limit that is none).
   */
  static async listen(options: StatsServerOptions): Promise<StatsServer> {
    checkGiven("listen", "What is to be served", options, [], "Give { path, sampler } or { path, targets }.");
    const path = checkSocketPath(options.path, "listen");
    const file = {
      mode: options.mode ?? 0o660,
      owner: options.owner === undefined ? undefined : userId(options.owner),
      group: options.group === undefined ? undefined : groupId(options.group),
    };
    const server = new StatsServer(path, collectTargets(options), options);
    try {
      const own = await listenAt(server.#server, path, file);
      server.#stop = () => stopListening(server.#server, path, own);
    } catch (error) {
      clearInterval(server.#timer);
      throw error;
    }
    server.#server.on("error", (error) => log.warn(`accepting a connection failed: ${error.message}`));
    log.info(`listening at ${path}`);
    return server;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Offers another target from now on, in `stats_meta` too.
   *
   * @throws ScxError ERR_SCX_USAGE when one of that name is offered, ERR_SCX_STATS_META when it contradicts the others.
   */
  addTarget(name: string, target: Target): void {
    if (this.#targets.has(name)) throw taken(name);
    this.#targets.set(name, target);
    try {
      this.#offer.meta();
    } catch (error) {
      this.#targets.delete(name);
      throw error;
    }
  }

  /** Takes a target away and closes its handlers; resolves when they are. False where there was none of that name. */
  async removeTarget(name: string): Promise<boolean> {
    const had = this.#targets.delete(name);
    await Promise.all([...this.#connections].map(({ session }) => session.drop(name)));
    return had;
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
    clearInterval(this.#timer);
    const closed = new Promise((resolve) => this.#server.once("close", resolve));
    this.#stop();
    await Promise.all([closed, ...[...this.#connections, ...this.#refused].map((connection) => connection.cut())]);
    await Promise.all(this.#closings);
    log.info(`closed ${this.path}`);
  }

  #accept(socket: Socket): void {
    const peer = peerOf(socket);
    const refusal = this.#refusal(peer) ?? this.#full(peer);
    if (refusal !== undefined && this.#refused.size >= maxRefused) {
      socket.destroy();
      return;
    }
    const session = new ServerSession(++this.#sessions, peer, this.#offer);
    const connection = new Connection(socket, session, this.#limits, this.#forget);
    if (refusal === undefined) {
      this.#connections.add(connection);
      this.#users.set(peer.uid, this.#countOf(peer.uid) + 1);
    } else {
      this.#refused.add(connection);
      connection.refuse(refusal);
    }
    log.debug(`connection ${session.id} of process ${peer.pid}, user ${peer.uid}`);
  }

  #countOf(uid: number): number {
    return this.#users.get(uid) ?? 0;
  }

  #full({ uid }: PeerCredentials): ScxError | undefined {
    if (this.#connections.size >= this.#maxConnections)
      return tooMany(`All ${this.#maxConnections} connections that this server has are taken.`);
    if (uid === 0 || uid === process.geteuid?.() || this.#countOf(uid) < this.#maxPerUser) return undefined;
    return tooMany(`User ${uid} has all ${this.#maxPerUser} connections that one may have.`);
  }

  readonly #forget = (connection: Connection): void => {
    if (!this.#refused.delete(connection) && this.#connections.delete(connection)) {
      const { uid } = connection.session.peer;
      const left = this.#countOf(uid) - 1;
      if (left > 0) this.#users.set(uid, left);
      else this.#users.delete(uid);
    }
    const closing = connection.session.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  };

  #tick(): void {
    for (const connection of this.#connections) connection.tick();
    for (const connection of this.#refused) connection.tick();
  }
}

/** The reply to `stats_meta`, made anew only when targets come or go, or describe themselves differently. */
function metaReply(targets: ReadonlyMap<string, Target>): () => EncodedReply {
  let made: { of: readonly Target["meta"][]; reply: EncodedReply } | undefined;
  return () => {
    const now = [...targets.values()].map((target) => target.meta);
    if (made?.of.length !== now.length || !made.of.every((meta, i) => meta === now[i]))
      made = { of: now, reply: new EncodedReply(assembleMeta(new Set(now.flatMap((meta) => meta ?? [])))) };
    return made.reply;
  };
}

function collectTargets({ sampler, targets = {} }: StatsServerOptions): Map<string, Target> {
  const all = sampler === undefined ? new Map<string, Target>() : sampleTargets(sampler);
  for (const [name, target] of targets instanceof Map ? targets : Object.entries(targets)) {
    if (all.has(name)) throw taken(name);
    all.set(name, target);
  }
  return all;
}

const taken = (name: string) =>
  new ScxError("ERR_SCX_USAGE", {
    op: "listen",
    message: `A target "${name}" is offered already; a sampler gives "top" and "delta".`,
    remedy: "Give the further target another name.",
  });

const tooMany = (message: string) =>
  new ScxError("ERR_SCX_BUSY", {
    op: "accept",
    message,
    remedy: "Try again later, or use one connection for several requests.",
    errno: 11,
  });
