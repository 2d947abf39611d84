// SPDX-License-Identifier: MIT
import { createConnection, type Socket } from "node:net";
import { connectError } from "../protocol/client_error.js";
import { LineSplitter, overlong } from "../protocol/line.js";
import { Finding } from "./finding.js";

/** A piece of what was said: by which of a check's connections, and how (`sent`, `received`, or what happened). */
export interface Said {
  connection: number;
  what: "sent" | "received" | "event";
  text: string;
}

/** How much of what was said is kept for the report. */
const shownBytes = 400;

/** A reply that is longer breaks no rule, but holds too much of our memory. */
const longestReply = 2 ** 26;

/** A connection that knows nothing but bytes, and writes down what it sends and receives. */
export class Wire {
  readonly #socket: Socket;
  readonly #lines = new LineSplitter(longestReply);
  readonly #timeoutMs: number;
  readonly #note: (what: Said["what"], text: string) => void;
  #ended = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket, timeoutMs: number, note: (what: Said["what"], text: string) => void) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#note = note;
    socket.on("data", (chunk) => {
      this.#lines.push(chunk);
      this.#wake();
    });
    const end = (how: string) => {
      if (!this.#ended) note("event", how);
      this.#ended = true;
      this.#wake();
    };
    socket.once("end", () => end("the server ended the connection"));
    socket.on("error", (error) => end(`the connection failed: ${error.message}`));
    socket.once("close", () => end("the connection was closed"));
  }

  /** @throws ScxError ERR_SCX_CONNECT, ERR_SCX_PRIVILEGE; {@link Finding} when nothing comes of it in time */
  static connect(path: string, timeoutMs: number, note: (what: Said["what"], text: string) => void): Promise<Wire> {
    return new Promise((done, failed) => {
      const socket = createConnection({ path, allowHalfOpen: true });
      const timer = setTimeout(() => {
        socket.destroy();
        failed(new Finding(`A connection wasn't accepted within ${timeoutMs} ms.`));
      }, timeoutMs);
      socket.once("error", (error) => {
        clearTimeout(timer);
        failed(connectError(path, error));
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        done(new Wire(socket, timeoutMs, note));
      });
    });
  }

  /** Sends bytes as one write. */
  send(bytes: string | Buffer): void {
    const buffer = Buffer.from(bytes);
    this.#note("sent", shown(buffer));
    this.#socket.write(buffer);
  }

  /** Reads no more, until {@link resume}. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Says that nothing more will be sent; replies can still come. */
  end(): void {
    this.#note("event", "the client closed its side");
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next line without its newline; undefined when the server has ended the connection. @throws Finding in time */
  async line(): Promise<string | undefined> {
    const line = await this.#next();
    if (line === undefined) return undefined;
    this.#note("received", shown(line));
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
    } catch {
      throw new Finding("The server sent a line that is not UTF-8.");
    }
  }

  /** Whether the server ends the connection, having said nothing more. @throws Finding when it does neither in time */
  async ends(): Promise<boolean> {
    return (await this.line()) === undefined;
  }

  async #next(): Promise<Buffer | undefined> {
    const until = performance.now() + this.#timeoutMs;
    for (;;) {
      const line = this.#lines.next();
      if (line === overlong) throw new Finding(`The server sent a line longer than ${longestReply} bytes.`);
      if (line !== undefined) return line;
      if (this.#ended) {
        const rest = this.#lines.rest();
        if (rest !== undefined) throw new Finding("The server ended the connection in the middle of a line.");
        return undefined;
      }
      const left = until - performance.now();
      if (left <= 0) throw new Finding(`The server said nothing within ${this.#timeoutMs} ms.`);
      await this.#change(left);
    }
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Bytes as a text that can stand in a report: escapes for what can't be seen, the beginning of what is long. */
function shown(bytes: Buffer): string {
  const text = bytes.subarray(0, shownBytes).toString("latin1");
  const escaped = text.replace(
    /[^ -~]/g,
    (char) => escapes[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return bytes.length > shownBytes ? `${escaped}… (${bytes.length} bytes)` : escaped;
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
