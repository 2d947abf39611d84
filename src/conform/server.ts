// SPDX-License-Identifier: MIT

import { causeOf, ScxError } from "../error.js";
import { parseReply, type ReplyValue } from "../protocol/reply.js";
import { Finding } from "./finding.js";
import { type Said, Wire } from "./wire.js";

/** A request as upstream's client writes it. */
export const requestLine = (req: string, args: Readonly<Record<string, string>> = {}): string =>
  `${JSON.stringify({ req, args })}\n`;

/** What every server answers, whatever it counts. */
export const anyRequest: string = requestLine("stats_meta");

/** A reply, by what it says. */
export interface Answer {
  /** 0 when it is none of an error. */
  errno: number;
  /** The value, or the error's text. */
  resp: ReplyValue;
  line: string;
}

/** The server under test, as one check sees it: it opens connections, and writes down what is said on them. */
export class ServerUnderTest {
  readonly path: string;
  readonly timeoutMs: number;
  readonly said: Said[] = [];
  readonly #wires: Wire[] = [];
  #closed = false;

  constructor(path: string, timeoutMs: number) {
    this.path = path;
    this.timeoutMs = timeoutMs;
  }

  async connect(): Promise<Wire> {
    const connection = this.#wires.length + 1;
    const note = (what: Said["what"], text: string) => void this.said.push({ connection, what, text });
    const wire = await Wire.connect(this.path, this.timeoutMs, note);
    this.#wires.push(wire);
    if (this.#closed) wire.destroy();
    return wire;
  }

  /** Cuts all connections, also those that are still being made. */
  close(): void {
    this.#closed = true;
    for (const wire of this.#wires) wire.destroy();
  }
}

/** The next reply. @throws Finding when none comes, or it is none */
export async function answer(wire: Wire): Promise<Answer> {
  const line = await wire.line();
  if (line === undefined) throw new Finding("The server ended the connection in place of an answer.");
  return readAnswer(line);
}

/** A reply by its line. @throws Finding when it is none */
function readAnswer(line: string): Answer {
  try {
    return { errno: 0, resp: parseReply(line), line };
  } catch (error) {
    if (!(error instanceof ScxError) || error.errno === undefined) throw new Finding(causeOf(error));
    return { errno: error.errno, resp: JSON.parse(line).args.resp, line };
  }
}

/** Sends a request and reads its reply. @throws Finding */
export async function ask(wire: Wire, line: string | Buffer): Promise<Answer> {
  wire.send(line);
  return await answer(wire);
}

/** The same, of a request that is to be answered with a value. @throws Finding */
export async function askValue(wire: Wire, line: string | Buffer): Promise<Answer> {
  const got = await ask(wire, line);
  if (got.errno !== 0) throw new Finding(`The server answered with errno ${got.errno} where a value should come.`);
  return got;
}

/** Holds that a connection still answers. @throws Finding */
export async function stillAnswers(wire: Wire): Promise<void> {
  wire.send(anyRequest);
  const line = await wire.line();
  if (line === undefined) throw new Finding("The connection didn't stay: the server ended it.");
  if (readAnswer(line).errno !== 0) throw new Finding("The connection didn't stay usable.");
}

/** Whether a server is one of upstream's first release, which had other names for the requests. @throws Finding */
export async function isFirstRelease(wire: Wire): Promise<boolean> {
  const { errno } = await ask(wire, anyRequest);
  return errno !== 0 && (await ask(wire, requestLine("stat_meta"))).errno === 0;
}
