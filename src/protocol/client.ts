// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from "node:net";
import { causeOf, ScxError, type ScxErrorCode } from "../error.js";
import { stringify } from "./json.js";
import { Limit } from "./limit.js";
import { LineSplitter, overlong } from "./line.js";
import { checkSocketPath, defaultSocketPath } from "./path.js";
import { parseReply, type ReplyValue } from "./reply.js";

/** How a {@link StatsClient} behaves. */
export interface StatsClientOptions {
  /** How long connecting, and each request, may take; 5000 unless said otherwise, `Infinity` for no limit. */
  timeoutMs?: number;
  /** Ends the connecting. */
  signal?: AbortSignal;
  /** Longest reply line accepted, in bytes; 16 MiB unless said otherwise. */
  maxLine?: number;
}

/** What one request may be given. */
export interface RequestOptions {
  /** Gives up on this request. Once it is sent that ends the connection: nobody could tell later which reply is whose. */
  signal?: AbortSignal;
}

interface Pending {
  readonly line: string;
  readonly resolve: (reply: string) => void;
  readonly reject: (error: ScxError) => void;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A connection to an scx_stats server, ours or upstream's. Requests wait for each other: one is on its way at a time. */
export class StatsClient {
  readonly #socket: Socket;
  readonly #lines: LineSplitter;
  readonly #timeoutMs: number;
  /** The first one is on its way, the others wait. */
  readonly #queue: Pending[] = [];
  #ended: ScxError | undefined;

  private constructor(socket: Socket, timeoutMs: number, maxLine: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#lines = new LineSplitter(maxLine);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.once("end", () => this.#fail(broken("closed the connection")));
    socket.on("error", (error) => this.#fail(broken(`is gone: ${error.message}`, error)));
    socket.once("close", () => this.#fail(broken("closed the connection")));
  }

  /**
   * Connects to the server at a path.
   *
   * @throws ScxError ERR_SCX_CONNECT (nobody there), ERR_SCX_PRIVILEGE, ERR_SCX_SOCKET_PATH, ERR_SCX_TIMEOUT,
   * ERR_SCX_ABORTED.
   */
  static async connect(path: string = defaultSocketPath, options: StatsClientOptions = {}): Promise<StatsClient> {
    const { timeoutMs = 5000, signal, maxLine = 2 ** 24 } = options;
    const absolute = checkSocketPath(path, "connect");
    const limit = new Limit("connect", `Connecting to ${absolute}`, timeoutMs, signal);
    if (limit.reason !== undefined) throw limit.reason;
    const socket = createConnection({ path: absolute });
    try {
      await new Promise<void>((done, failed) => {
        socket.once("connect", done);
        socket.once("error", (error) => failed(connectError(absolute, error)));
        limit.onEnd = failed;
      });
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      limit.clear();
    }
    socket.removeAllListeners("error");
    return new StatsClient(socket, timeoutMs, maxLine);
  }

  /**
   * Sends a request and gives what the server answered: integers as bigint with all their digits, floats as number.
   *
   * @throws ScxError ERR_SCX_WIRE with the `errno` of an error reply (its whole text in `log`), or without one when the
   * server breaks the protocol; ERR_SCX_TIMEOUT, ERR_SCX_ABORTED, ERR_SCX_CLOSED.
   */
  async request(
    req: string,
    args: Readonly<Record<string, string>> = {},
    options?: RequestOptions,
  ): Promise<ReplyValue> {
    return parseReply(await this.requestLine(req, args, options));
  }

  /** Like {@link request}, but gives the reply line as it came (without its newline), be it a result or an error. */
  async requestLine(
    req: string,
    args: Readonly<Record<string, string>> = {},
    options: RequestOptions = {},
  ): Promise<string> {
    const line = `{"req":${stringify(req)},"args":${stringify(args)}}\n`;
    if (this.#ended !== undefined) throw closed(this.#ended);
    const limit = new Limit("request", `Request "${req}"`, this.#timeoutMs, options.signal);
    if (limit.reason !== undefined) throw limit.reason;
    try {
      return await new Promise<string>((resolve, reject) => {
        const pending = { line, resolve, reject };
        limit.onEnd = (reason) => this.#giveUp(pending, reason);
        if (this.#queue.push(pending) === 1) this.#socket.write(line);
      });
    } finally {
      limit.clear();
    }
  }

  /** Ends the connection. Unanswered requests fail with ERR_SCX_CLOSED. */
  async close(): Promise<void> {
    const gone = new Promise<void>((done) => {
      if (this.#socket.closed) done();
      else this.#socket.once("close", () => done());
    });
    this.#fail(closed());
    await gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(chunk: Buffer): void {
    this.#lines.push(chunk);
    while (this.#ended === undefined) {
      const line = this.#lines.next();
      if (line === undefined) return;
      if (line === overlong) this.#fail(broken("sent a line longer than the limit"));
      else this.#deliver(line);
    }
  }

  #deliver(line: Buffer): void {
    const pending = this.#queue[0];
    if (pending === undefined) {
      this.#fail(broken("sent a line nobody asked for"));
      return;
    }
    try {
      pending.resolve(utf8.decode(line));
    } catch (error) {
      this.#fail(broken("sent a line that is not UTF-8", error));
      return;
    }
    this.#queue.shift();
    const next = this.#queue[0];
    if (next !== undefined) this.#socket.write(next.line);
  }

  #giveUp(pending: Pending, reason: ScxError): void {
    const at = this.#queue.indexOf(pending);
    if (at === 0) this.#fail(reason);
    else if (at > 0) this.#queue.splice(at, 1);
    pending.reject(reason);
  }

  #fail(reason: ScxError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#socket.destroy();
    for (const pending of this.#queue.splice(0)) pending.reject(reason);
  }
}

function broken(what: string, cause?: unknown): ScxError {
  return new ScxError("ERR_SCX_WIRE", {
    op: "request",
    message: `The statistics server ${what}.`,
    remedy: "See whether the scheduler still runs, then connect anew.",
    cause,
  });
}

function closed(cause?: ScxError): ScxError {
  return new ScxError("ERR_SCX_CLOSED", {
    op: "request",
    message: cause === undefined ? "The client was closed." : `The connection has ended: ${causeOf(cause)}`,
    remedy: "Connect anew.",
    cause,
  });
}

function connectError(path: string, error: NodeJS.ErrnoException): ScxError {
  const denied = error.code === "EACCES" || error.code === "EPERM";
  const code: ScxErrorCode = denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_CONNECT";
  const messages: Record<string, string> = {
    ENOENT: `There is no ${path}.`,
    ECONNREFUSED: `Nobody listens at ${path} any more.`,
    EACCES: `No permission to connect to ${path}.`,
  };
  return new ScxError(code, {
    op: "connect",
    message: messages[error.code ?? ""] ?? `Can't connect to ${path}: ${error.message}.`,
    remedy: denied
      ? "Run as root, or as a member of the socket's group."
      : "Start a scheduler that serves statistics there.",
    errno: error.errno === undefined ? undefined : Math.abs(error.errno),
    cause: error,
  });
}
