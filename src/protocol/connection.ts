// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { LineSplitter, overlong } from "./line.js";
import { encodeError, type ServerSession } from "./session.js";

const log = logger("protocol");

/** What a connection is held to. Times in {@link Connection.tick}s, of which there may be Infinity. */
export interface ConnectionLimits {
  /** Longest request line, in bytes. */
  readonly line: number;
  /** How long a client may have nothing to ask. */
  readonly idle: number;
  /** How long a line may take to come whole. */
  readonly request: number;
  /** How long a client may take to read a reply. */
  readonly reply: number;
  /** How long one that was refused may go on sending, so that it comes to read why. */
  readonly linger: number;
}

/** Where a socket's listeners, which all connections share, find theirs. */
const connection = Symbol("connection");
type Owned = Socket & { [connection]: Connection };

/**
 * Moves bytes between a socket and its session: one request in flight, and none read from a client that doesn't take
 * its replies. So a connection holds at most a line, a chunk and a reply. There may be many thousands, most of them idle:
 * none has a timer or closures of its own.
 */
export class Connection {
  readonly session: ServerSession;
  readonly #socket: Socket;
  readonly #lines: LineSplitter;
  readonly #limits: ConnectionLimits;
  readonly #onClose: (connection: Connection) => void;
  /** A reply is being made, or waits for the client to read. */
  #busy = false;
  /** The client has said all it will. */
  #ended = false;
  /** We have said all we will. */
  #finished = false;
  /** A line has begun. */
  #begun = false;
  /** Ticks until what it waits for is overdue. */
  #left: number;

  constructor(
    socket: Socket,
    session: ServerSession,
    limits: ConnectionLimits,
    onClose: (connection: Connection) => void,
  ) {
    this.session = session;
    this.#socket = socket;
    this.#lines = new LineSplitter(limits.line);
    this.#limits = limits;
    this.#left = limits.idle;
    this.#onClose = onClose;
    (socket as Owned)[connection] = this;
    socket.on("data", received).on("end", ended).on("drain", drained).on("error", failed).on("close", closed);
  }

  /** Cuts the connection, and resolves when it has. Replies the kernel has already taken still reach the client. */
  cut(): Promise<void> {
    return new Promise((resolve) => this.#socket.once("close", resolve).destroy());
  }

  /** Answers with an error, and ends the connection. */
  refuse(error: ScxError): void {
    this.#finished = true;
    this.#left = this.#limits.linger;
    this.#socket.end(encodeError(error));
    this.#socket.resume();
  }

  /** Time passes: called at even intervals. */
  tick(): void {
    if (--this.#left > 0) return;
    if (this.#begun && !this.#busy && !this.#finished) this.refuse(tooSlow());
    else this.#socket.destroy();
  }

  receive(chunk: Buffer): void {
    if (this.#finished) return;
    this.#lines.push(chunk);
    if (this.#busy) this.#socket.pause();
    else this.#pump();
  }

  end(): void {
    this.#ended = true;
    this.#pump();
  }

  drain(): void {
    this.#busy = false;
    this.#pump();
  }

  fail(error: Error): void {
    // A reset, or a write to a client that has gone: "close" follows, which is all there is to do.
    log.debug(`connection ${this.session.id}: ${causeOf(error)}`);
  }

  close(): void {
    this.#finished = true;
    this.#onClose(this);
  }

  #pump(): void {
    while (!this.#busy && !this.#finished) {
      const line = this.#lines.next();
      if (line === overlong) {
        this.refuse(tooLong(this.#limits.line));
      } else if (line === undefined) {
        this.#wait();
        return;
      } else {
        this.#answer(line);
      }
    }
  }

  #answer(line: Buffer): void {
    this.#begun = false;
    const reply = this.session.answer(line);
    if (!(reply instanceof Promise)) {
      this.#send(reply);
      return;
    }
    this.#busy = true;
    this.#left = Number.POSITIVE_INFINITY; // a handler takes as long as it takes
    reply.then((bytes) => {
      this.#busy = false;
      this.#send(bytes);
      this.#pump();
    }, log.error);
  }

  #send(reply: Buffer): void {
    if (this.#socket.destroyed) {
      this.#finished = true;
    } else if (!this.#socket.write(reply)) {
      this.#busy = true;
      this.#left = this.#limits.reply;
    }
  }

  /** All whole lines are answered. */
  #wait(): void {
    if (!this.#ended) {
      // However it dribbles in, a line has its time from its first byte on.
      if (!this.#lines.partial) this.#left = this.#limits.idle;
      else if (!this.#begun) this.#left = this.#limits.request;
      this.#begun = this.#lines.partial;
      if (this.#socket.isPaused()) this.#socket.resume();
      return;
    }
    // As for upstream, the end of the stream ends the last line too.
    const rest = this.#lines.rest();
    if (rest !== undefined) {
      this.#answer(rest);
      this.#pump();
      return;
    }
    this.#finished = true;
    this.#left = this.#limits.reply;
    this.#socket.end();
  }
}

function received(this: Socket, chunk: Buffer): void {
  (this as Owned)[connection].receive(chunk);
}
function ended(this: Socket): void {
  (this as Owned)[connection].end();
}
function drained(this: Socket): void {
  (this as Owned)[connection].drain();
}
function failed(this: Socket, error: Error): void {
  (this as Owned)[connection].fail(error);
}
function closed(this: Socket): void {
  (this as Owned)[connection].close();
}

const tooLong = (limit: number) =>
  new ScxError("ERR_SCX_WIRE", {
    op: "request",
    message: `The request line is longer than ${limit} bytes; the connection ends here.`,
    remedy: "End each request with a newline.",
    errno: 22,
  });

const tooSlow = () =>
  new ScxError("ERR_SCX_TIMEOUT", {
    op: "request",
    message: "The request line took too long to come; the connection ends here.",
    remedy: "Send each request in one piece, with a newline at its end.",
    errno: 110,
  });
