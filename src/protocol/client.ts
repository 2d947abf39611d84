// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from "node:net";
import { type ScxError, throwIfAborted } from "../error.js";
import { decodeValues, type Integers, withIntegers } from "../stats/decode.js";
import type { StatsDefinition } from "../stats/define.js";
import type { StatsMeta } from "../stats/meta.js";
import { readMeta } from "../stats/read_meta.js";
import type { StatsSchema } from "../stats/schema.js";
import { broken, closed, connectError, lost, noWidth } from "./client_error.js";
import type { RequestOptions, StatsClientOptions, StatsOptions, ValuesIn } from "./client_options.js";
import { stringify } from "./json.js";
import { Limit } from "./limit.js";
import { LineSplitter, overlong } from "./line.js";
import { checkSocketPath, defaultSocketPath } from "./path.js";
import { serverOf } from "./peer.js";
import { parseReply, type ReplyValue } from "./reply.js";

interface Pending {
  readonly line: string;
  readonly resolve: (reply: string) => void;
  readonly reject: (error: ScxError) => void;
}

/** What upstream's server answers to a request that it doesn't know. */
const EINVAL = 22;

/** The requests' names: today's, and those of upstream's first release (scx_stats 0.2). */
const names = { stats: ["stats", "stat"], meta: ["stats_meta", "stat_meta"] } as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A connection to an scx_stats server, ours or upstream's. Replies come in the order of the requests. */
export class StatsClient {
  readonly #socket: Socket;
  readonly #server: string | undefined;
  readonly #lines: LineSplitter;
  readonly #maxLine: number;
  readonly #timeoutMs: number;
  /** How many requests may be on their way at once. */
  readonly #width: number;
  /** The first #sent are on their way, the others wait. */
  readonly #queue: Pending[] = [];
  #sent = 0;
  /** Which of {@link names} the server knows. */
  #dialect: 0 | 1 = 0;
  #ended: ScxError | undefined;

  private constructor(socket: Socket, { timeoutMs, maxLine, width }: Settings) {
    this.#socket = socket;
    this.#server = serverOf(socket);
    this.#timeoutMs = timeoutMs;
    this.#width = width;
    this.#maxLine = maxLine;
    this.#lines = new LineSplitter(maxLine);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.once("end", () => this.#fail(lost("closed the connection")));
    socket.on("error", (error) => this.#fail(lost(`is gone: ${error.message}`, error)));
    socket.once("close", () => this.#fail(lost("closed the connection")));
  }

  /**
   * Connects to the server at a path.
   *
   * @throws ScxError ERR_SCX_CONNECT (nobody there), ERR_SCX_PRIVILEGE, ERR_SCX_SOCKET_PATH, ERR_SCX_TIMEOUT,
   * ERR_SCX_ABORTED.
   */
  static async connect(path: string = defaultSocketPath, options: StatsClientOptions = {}): Promise<StatsClient> {
    const { timeoutMs = 5000, signal, maxLine = 2 ** 24, pipeline = 1 } = options;
    const absolute = checkSocketPath(path, "connect");
    const width = pipeline === "probe" ? await probe(absolute, options) : pipeline;
    if (!(width >= 1)) throw noWidth(width);
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
    return new StatsClient(socket, { timeoutMs, maxLine, width });
  }

  /**
   * Which process listens at the other end, as long as one can tell: its id, and when it was started where that may be read (`1234@567890`, in
   * the kernel's clock ticks). Another text is another process. Undefined for one of another pid namespace.
   */
  get server(): string | undefined {
    return this.#server;
  }

  /** How many requests may be on their way at once. */
  get pipeline(): number {
    return this.#width;
  }

  /**
   * Asks for statistics. With a definition they are checked against it and typed by it; with a schema (see {@link meta} and
   * {@link schemaOf}) checked and given by its types; with neither, as {@link request} gives them.
   *
   * @throws ScxError as {@link request} does; ERR_SCX_WIRE that names the field where the reply isn't what the definition
   * says, ERR_SCX_VALUE for an integer that `integers: "number"` can't hold
   */
  async stats<F, I extends Integers = "bigint">(
    definition: StatsDefinition<F>,
    options?: StatsOptions<I>,
  ): Promise<ValuesIn<F, I>>;
  async stats(options?: StatsOptions): Promise<ReplyValue>;
  async stats(of: StatsSchema | StatsOptions = {}, more: StatsOptions = {}): Promise<unknown> {
    const [schema, options] = "stats" in of ? [of, more] : [undefined, of];
    const { target, args, integers, signal } = options;
    const reply = parseReply(await this.statsLine({ target, args, signal }));
    return schema ? decodeValues(schema, reply, { integers }) : withIntegers(reply, integers);
  }

  /** Like {@link stats}, but gives the reply line as it came. */
  async statsLine({ target, args, signal }: StatsOptions = {}): Promise<string> {
    return this.#ask("stats", { ...args, ...(target !== undefined && { target }) }, { signal });
  }

  /**
   * What the server says of its statistics, be it in today's shape or in that of upstream's first release.
   *
   * @throws ScxError as {@link request} does; ERR_SCX_STATS_META for metadata of neither shape
   */
  async meta(options?: RequestOptions): Promise<StatsMeta> {
    return readMeta(parseReply(await this.metaLine(options)));
  }

  /** Like {@link meta}, but gives the reply line as it came. */
  async metaLine(options?: RequestOptions): Promise<string> {
    return this.#ask("meta", {}, options);
  }

  /**
   * Sends a request and gives what the server answered: integers as bigint with all their digits, floats as number.
   *
   * @throws ScxError ERR_SCX_WIRE with the `errno` of an error reply (its text in `log`), or without one when the
   * server breaks the protocol; ERR_SCX_PRIVILEGE when that errno is 13; ERR_SCX_TIMEOUT, ERR_SCX_ABORTED, ERR_SCX_CLOSED.
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
    args: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
    options: RequestOptions = {},
  ): Promise<string> {
    const line = `{"req":${stringify(req)},"args":${stringify(args)}}\n`;
    // Turned away before it could ask, or after: the same error.
    if (this.#ended !== undefined) throw this.#ended.errno === undefined ? closed(this.#ended) : this.#ended;
    const limit = new Limit("request", `Request "${req}"`, this.#timeoutMs, options.signal);
    if (limit.reason !== undefined) throw limit.reason;
    try {
      return await new Promise<string>((resolve, reject) => {
        const pending = { line, resolve, reject };
        limit.onEnd = (reason) => this.#giveUp(pending, reason);
        this.#queue.push(pending);
        this.#send();
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

  /** Asks by today's name; a server that refuses it may be one of upstream's first release. */
  async #ask(request: keyof typeof names, args: Record<string, string>, options: RequestOptions = {}): Promise<string> {
    const line = await this.requestLine(names[request][this.#dialect], args, options);
    if (this.#dialect === 1 || !isRefusal(line)) return line;
    const old = await this.requestLine(names[request][1], args, options);
    if (isRefusal(old)) return line;
    this.#dialect = 1;
    return old;
  }

  #send(): void {
    // What is asked for at once leaves at once.
    if (this.#width > 1 && this.#socket.writableCorked === 0) {
      this.#socket.cork();
      process.nextTick(() => this.#socket.uncork());
    }
    while (this.#sent < this.#width) {
      const next = this.#queue[this.#sent];
      if (next === undefined) return;
      this.#sent++;
      this.#socket.write(next.line);
    }
  }

  #receive(chunk: Buffer): void {
    this.#lines.push(chunk);
    while (this.#ended === undefined) {
      const line = this.#lines.next();
      if (line === undefined) return;
      if (line === overlong) this.#fail(broken(`sent a line of more than ${this.#maxLine} bytes`));
      else this.#deliver(line);
    }
  }

  #deliver(line: Buffer): void {
    const pending = this.#queue[0];
    if (pending === undefined || this.#sent === 0) {
      this.#fail(unasked(line));
      return;
    }
    try {
      pending.resolve(utf8.decode(line));
    } catch (error) {
      this.#fail(broken("sent a line that is not UTF-8", error));
      return;
    }
    this.#queue.shift();
    this.#sent--;
    this.#send();
  }

  #giveUp(pending: Pending, reason: ScxError): void {
    const at = this.#queue.indexOf(pending);
    if (at >= 0 && at < this.#sent) this.#fail(reason);
    else if (at >= 0) this.#queue.splice(at, 1);
    pending.reject(reason);
  }

  #fail(reason: ScxError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#socket.destroy();
    for (const pending of this.#queue.splice(0)) pending.reject(reason);
  }
}

interface Settings {
  timeoutMs: number;
  maxLine: number;
  width: number;
}

/** Sends two requests in one piece, and sees whether both are answered. */
async function probe(path: string, options: StatsClientOptions): Promise<number> {
  const timeoutMs = Math.min(1000, options.timeoutMs ?? 1000);
  await using client = await StatsClient.connect(path, { ...options, timeoutMs, pipeline: 2 });
  const both = await Promise.allSettled([client.requestLine("stats_meta"), client.requestLine("stats_meta")]);
  throwIfAborted(options.signal, "connect", "Connecting");
  return both.every(({ status }) => status === "fulfilled") ? probedWidth : 1;
}

const probedWidth = 64;

/** A server that turns a client away says why at once: its error then. */
function unasked(line: Buffer): ScxError {
  try {
    parseReply(line.toString());
  } catch (error) {
    if ((error as ScxError).errno !== undefined) return error as ScxError;
  }
  return broken("sent a line nobody asked for");
}

/** Whether a reply is an error with errno 22, as an unknown request's is. */
function isRefusal(line: string): boolean {
  if (line.startsWith('{"errno":0,')) return false; // as nearly all are
  try {
    parseReply(line);
    return false;
  } catch (error) {
    return (error as ScxError).errno === EINVAL;
  }
}
