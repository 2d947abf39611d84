// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import type { PeerCredentials } from "../native/index.js";
import { stringify } from "./json.js";
import { parseRequest, type StatsRequest } from "./request.js";
import { type EncodedReply, encoded, type Handler, type HandlerReply, type Session, type Target } from "./target.js";

const log = logger("protocol");

/** errno of every error that doesn't bring one of its own: EINVAL, as upstream's server has it. */
const EINVAL = 22;

/** What all connections of a server have in common. */
export interface Offer {
  readonly targets: ReadonlyMap<string, Target>;
  /** What `stats_meta` answers now. */
  meta(): EncodedReply;
  /** Answers whatever is asked, in place of the targets. */
  answer?: Answerer | undefined;
}

/** Answers any well-formed request of any client: for servers that have it from elsewhere (relay, replay). */
export type Answerer = (request: StatsRequest, session: Session) => HandlerReply | Promise<HandlerReply>;

/** One connection's side of the conversation: a line in, a line out. Knows nothing of sockets. */
export class ServerSession implements Session {
  readonly id: number;
  readonly peer: PeerCredentials;
  readonly #offer: Offer;
  /** Made when somebody asks for it: most connections are never asked. */
  #gone: AbortController | undefined;
  #closed = false;
  readonly #handlers = new Map<string, Handler>();

  constructor(id: number, peer: PeerCredentials, offer: Offer) {
    this.id = id;
    this.peer = peer;
    this.#offer = offer;
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#closed) this.#gone.abort();
    return this.#gone.signal;
  }

  /** Answers one request line with one reply line. Whatever happens comes back as a reply; nothing is thrown. */
  answer(line: Uint8Array): Buffer | Promise<Buffer> {
    try {
      const reply = this.#dispatch(parseRequest(line));
      return reply instanceof Promise ? reply.then(encode).catch(encodeError) : encode(reply);
    } catch (error) {
      return encodeError(error);
    }
  }

  /** Closes the handlers. What they throw is logged: nobody is there to be told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#gone?.abort();
    const handlers = [...this.#handlers.values()];
    this.#handlers.clear();
    await Promise.all(handlers.map(closeHandler));
  }

  /** Closes the handler of a target that is offered no more. */
  async drop(target: string): Promise<void> {
    const handler = this.#handlers.get(target);
    this.#handlers.delete(target);
    if (handler !== undefined) await closeHandler(handler);
  }

  #dispatch(request: StatsRequest): HandlerReply | Promise<HandlerReply> {
    if (this.#offer.answer) return this.#offer.answer(request, this);
    const { req, args } = request;
    if (req === "stats_meta") return this.#offer.meta();
    if (req !== "stats") throw unknown("request", req, ["stats", "stats_meta"]);
    const name = args.get("target") ?? "top";
    const handler = this.#handlers.get(name);
    if (handler !== undefined) return handler.read(args);
    const target = this.#offer.targets.get(name);
    if (target === undefined) throw unknown("target", name, [...this.#offer.targets.keys()]);
    const opened = target.open(this);
    if (opened instanceof Promise) return opened.then((late) => this.#adopt(name, target, late).read(args));
    return this.#adopt(name, target, opened).read(args);
  }

  #adopt(name: string, target: Target, handler: Handler): Handler {
    if (this.#closed || this.#offer.targets.get(name) !== target) {
      // While it was opening the client left, or the target was taken away.
      void closeHandler(handler);
      throw unknown("target", name, [...this.#offer.targets.keys()]);
    }
    this.#handlers.set(name, handler);
    return handler;
  }
}

async function closeHandler(handler: Handler): Promise<void> {
  try {
    await handler.close?.();
  } catch (error) {
    log.warn(`a handler failed to close: ${textOf(error)}`);
  }
}

const encode = (reply: HandlerReply): Buffer => encoded(reply).line;

/** The reply line that tells the client of an error. */
export function encodeError(error: unknown): Buffer {
  const text = textOf(error);
  const errno = error instanceof ScxError && error.errno !== undefined && error.errno > 0 ? error.errno : EINVAL;
  if (error instanceof ScxError) log.debug(`answered errno ${errno}: ${text}`);
  else log.warn(`a handler failed: ${error instanceof Error ? error.stack : text}`);
  return Buffer.from(`{"errno":${errno},"args":{"resp":${stringify(text)}}}\n`);
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}

/** @param name the client's own word, which may be anything: shown on one line, and not at any length */
function unknown(what: string, name: string, known: readonly string[]): ScxError {
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  return new ScxError("ERR_SCX_WIRE", {
    op: "request",
    message: `No ${what} is called ${shown} here.`,
    remedy: `Ask for one of: ${known.join(", ") || "(there is none)"}.`,
    errno: EINVAL,
  });
}
