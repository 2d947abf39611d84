// SPDX-License-Identifier: MIT
import type { Socket } from "node:net";
import { logger } from "../diagnostics.js";
import { ScxError } from "../error.js";
import { LineSplitter, overlong } from "./line.js";
import { encodeError, type ServerSession } from "./session.js";

const log = logger("protocol");

/** How long a client that broke the line limit may go on sending, so that it comes to read why it is cut off. */
const lingerMs = 1000;

/**
 * Moves bytes between a socket and its session: one request in flight, and none read from a client that doesn't take
 * its replies. So a connection holds at most a line, a chunk and a reply.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #session: ServerSession;
  readonly #lines: LineSplitter;
  readonly #maxLine: number;
  /** A reply is being made, or waits for the client to read. */
  #busy = false;
  /** The client has said all it will. */
  #ended = false;
  /** We have said all we will. */
  #finished = false;
  /** Resolves when the socket and the session's handlers are closed. */
  readonly closed: Promise<void>;

  constructor(socket: Socket, session: ServerSession, maxLine: number) {
    this.#socket = socket;
    this.#session = session;
    this.#lines = new LineSplitter(maxLine);
    this.#maxLine = maxLine;
    this.closed = new Promise((resolve) => {
      socket.once("close", () => session.close().then(resolve, resolve));
    });
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.once("end", () => {
      this.#ended = true;
      this.#pump();
    });
    socket.on("drain", () => this.#ready());
    // A reset or a write to a client that has gone: "close" follows, which is all there is to do.
    socket.on("error", (error) => log.debug(`connection ${session.id}: ${error.message}`));
  }

  /** Cuts the connection. Replies the kernel has already taken still reach the client. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#finished) return;
    this.#lines.push(chunk);
    if (this.#busy) this.#socket.pause();
    else this.#pump();
  }

  #ready(): void {
    this.#busy = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#busy && !this.#finished) {
      const line = this.#lines.next();
      if (line === overlong) {
        this.#refuse();
      } else if (line === undefined) {
        this.#wait();
        return;
      } else {
        this.#answer(line);
      }
    }
  }

  #answer(line: Buffer): void {
    const reply = this.#session.answer(line);
    if (reply instanceof Promise) {
      this.#busy = true;
      reply.then((bytes) => {
        this.#busy = false;
        this.#send(bytes);
        this.#pump();
      }, log.error);
    } else {
      this.#send(reply);
    }
  }

  #send(reply: Buffer): void {
    if (this.#socket.destroyed) this.#finished = true;
    else if (!this.#socket.write(reply)) this.#busy = true;
  }

  /** All whole lines are answered. */
  #wait(): void {
    if (!this.#ended) {
      this.#socket.resume();
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
    this.#socket.end();
  }

  #refuse(): void {
    this.#finished = true;
    this.#socket.end(
      encodeError(
        new ScxError("ERR_SCX_WIRE", {
          op: "request",
          message: `The request line is longer than ${this.#maxLine} bytes; the connection ends here.`,
          remedy: "End each request with a newline.",
          errno: 22,
        }),
      ),
    );
    this.#socket.resume();
    const timer = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.once("close", () => clearTimeout(timer));
  }
}
