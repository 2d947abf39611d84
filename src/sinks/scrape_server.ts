// SPDX-License-Identifier: MIT
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTls } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { causeOf, ScxError, throwIfAborted } from "../error.js";
import { readFile } from "../read_file.js";
import { formatFor, takesGzip } from "./accept.js";
import { type Address, parseAddress } from "./address.js";
import { type ExpositionFormat, expositionFormats } from "./exposition.js";
import { Fresh } from "./fresh.js";
import { readSecret, withCertificate } from "./secret.js";

const compress = promisify(gzip);

/** Options of the sink `prometheus`. */
export interface ScrapeServerOptions {
  /** `HOST:PORT`, or a PORT of 127.0.0.1. */
  listen: string;
  /** Of the page with the metrics: `/metrics`. */
  path: string;
  /** Scrapes at the same time; further ones are answered with status 503. */
  maxScrapes: number;
  /** A file with the token that scrapes must bring. */
  tokenFile?: string;
  /** Certificate and key for TLS, PEM. */
  certFile?: string;
  keyFile?: string;
}

/** ms that a scraper has to ask, and to take its answer. */
const patienceMs = 10_000;

/** Characters of a page that goes out with its headers, by one write; a larger one is a buffer that all its readers share. */
const smallPage = 65_536;

/** What a scraper is sent; a text is of ASCII, so that it has as many bytes as characters. */
export type PageBody = string | Buffer;

/** A page, as it is sent best. */
export const pageBody = (text: string): PageBody =>
  text.length <= smallPage && Buffer.byteLength(text) === text.length ? text : Buffer.from(text);

/** One who is connected. */
interface Connection {
  readonly socket: Socket;
  /** Requests of it that aren't answered yet. */
  asking: number;
  /** When it connected, or was answered last: the higher the later. */
  seen: number;
}

/** Why one gets no metrics. */
interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers scrapes over HTTP. Who is slow, too many, or without the token costs next to nothing. */
export class ScrapeServer {
  readonly #options: ScrapeServerOptions;
  readonly #address: Address;
  readonly #page: (format: ExpositionFormat) => PageBody;
  readonly #token: Fresh<Buffer> | undefined;
  readonly #server: Server;
  #scrapes = 0;
  /** Who is connected, by where from. */
  readonly #connections = new Map<string, Connection>();
  /** Goes up with each connection and answer. */
  #seen = 0;
  /** What the last scraper takes: most often it is the next one, too. */
  #taken = takenBy(undefined, undefined);
  /** The last page that was compressed. */
  #compressed: { page: PageBody; body: Promise<Buffer> } | undefined;

  /** @param page gives the page; the same one as long as nothing changes */
  constructor(options: ScrapeServerOptions, page: (format: ExpositionFormat) => PageBody) {
    this.#options = options;
    this.#page = page;
    this.#address = parseAddress("prometheus", options.listen);
    const { tokenFile, certFile, keyFile } = options;
    this.#token =
      tokenFile === undefined ? undefined : new Fresh([tokenFile], () => digest(readSecret("prometheus", tokenFile)));
    this.#server = certFile && keyFile ? secure(certFile, keyFile) : createPlain();
    this.#server.on("request", (request, response) => this.#answer(request, response));
    this.#server.headersTimeout = patienceMs;
    this.#server.requestTimeout = patienceMs;
    // A slow reader's connection is idle, as far as the socket goes; for one that waits for its next scrape the same time will do, as
    // another one would be a timer that is set and cleared at each.
    this.#server.setTimeout(patienceMs);
    this.#server.keepAliveTimeout = 0;
    this.#server.prependListener("connection", (socket: Socket) => this.#admit(socket));
  }

  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    const scheme = this.#options.certFile === undefined ? "http" : "https";
    return `${scheme}://${family === "IPv6" ? `[${address}]` : address}:${port}${this.#options.path}`;
  }

  /** @throws ScxError ERR_SCX_SINK_OPEN, ERR_SCX_PRIVILEGE, ERR_SCX_ABORTED */
  async open(signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal, "listen", `Listening at ${this.#options.listen}`);
    await new Promise<void>((resolve, reject) => {
      // For good: one that comes later (no file descriptor for a connection) is no reason to end.
      this.#server.on("error", (error) => reject(listenError(this.#options.listen, error)));
      this.#server.listen(this.#address, resolve);
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.once("close", resolve));
    this.#server.close();
    // Who is being answered gets the rest, who asks nothing doesn't keep us; the caller's deadline ends the others.
    this.#server.closeIdleConnections();
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 250).unref())]);
    this.#server.closeAllConnections();
    await closed;
  }

  /** Those who have connected and ask nothing must not keep a scraper out: when there are too many, the one that has been so longest goes. */
  #admit(socket: Socket): void {
    const name = nameOf(socket);
    const connection = { socket, asking: 0, seen: this.#seen++ };
    this.#connections.set(name, connection);
    socket.once("close", () => {
      // Another may have come from the same port by now.
      if (this.#connections.get(name) === connection) this.#connections.delete(name);
    });
    if (this.#connections.size <= this.#options.maxScrapes * 4) return;
    const idle = [...this.#connections.values()].filter(({ asking }) => asking === 0);
    const first = idle.reduce((one, other) => (other.seen < one.seen ? other : one), idle[0] ?? connection);
    first.socket.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(nameOf(request.socket));
    if (connection) connection.asking++;
    const refusal = this.#refusal(request);
    if (!refusal) this.#scrapes++;
    response.on("close", () => {
      if (!refusal) this.#scrapes--;
      if (!connection) return;
      connection.asking--;
      connection.seen = this.#seen++;
    });
    if (refusal) refuse(response, refusal);
    else this.#send(request, response);
  }

  /** Who asks is in the way of nobody, but for those who are too many. */
  #refusal(request: IncomingMessage): Refusal | undefined {
    const { path, maxScrapes } = this.#options;
    const { url, method } = request;
    if (url !== path && pathOf(url) !== path) return { status: 404, text: `The metrics are at ${path}.` };
    if (method !== "GET" && method !== "HEAD")
      return { status: 405, text: "Metrics can only be read.", headers: { allow: "GET, HEAD" } };
    if (!this.#permits(request))
      return { status: 401, text: "A token is needed.", headers: { "www-authenticate": "Bearer" } };
    if (this.#scrapes < maxScrapes) return undefined;
    return { status: 503, text: "Too many scrapes at the same time.", headers: { "retry-after": "1" } };
  }

  #send({ headers, method }: IncomingMessage, response: ServerResponse): void {
    const { accept, "accept-encoding": encoding } = headers;
    if (accept !== this.#taken.accept || encoding !== this.#taken.encoding) this.#taken = takenBy(accept, encoding);
    const { format, zipped } = this.#taken;
    const send = (body: PageBody) => {
      const length = String(body.length);
      // In the form in which Node takes them over as they are.
      response.writeHead(200, zipped ? zippedHead(format, length) : plainHead(format, length));
      if (method === "HEAD") response.end();
      else response.end(body, "latin1");
    };
    const fail = (error: unknown) => {
      if (response.headersSent) response.destroy();
      else refuse(response, { status: 500, text: `The metrics can't be written: ${causeOf(error)}` });
    };
    try {
      const page = this.#page(format);
      if (zipped) this.#zip(page).then(send).catch(fail);
      else send(page);
    } catch (error) {
      fail(error);
    }
  }

  /** Once for all that get the same page. */
  #zip(page: PageBody): Promise<Buffer> {
    if (this.#compressed?.page !== page) this.#compressed = { page, body: compress(page, { level: 1 }) };
    return this.#compressed.body;
  }

  #permits({ headers: { authorization = "" } }: IncomingMessage): boolean {
    if (!this.#token) return true;
    const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
    return token !== undefined && timingSafeEqual(digest(token), this.#token.value);
  }
}

function refuse(response: ServerResponse, { status, text, headers }: Refusal): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers }).end(`${text}\n`);
}

/** Names and values in turn. */
const plainHead = (format: ExpositionFormat, length: string): string[] => [
  "date",
  new Date().toUTCString(), // Node's own is kept for its second, and a timer wakes the process to forget it
  "content-type",
  expositionFormats[format],
  "content-length",
  length,
  "cache-control",
  "no-store",
  "vary",
  "accept, accept-encoding",
];

const zippedHead = (format: ExpositionFormat, length: string): string[] => [
  ...plainHead(format, length),
  "content-encoding",
  "gzip",
];

/** What a scraper takes, by its headers. */
const takenBy = (accept: string | undefined, encoding: string | string[] | undefined) => ({
  accept,
  encoding,
  format: formatFor(accept),
  zipped: takesGzip(`${encoding ?? ""}`),
});

/** Of the same length whatever the token is, so that the comparison takes the same time. */
const digest = (token: string): Buffer => createHash("sha256").update(token).digest();

/** A request's path, which may be asked for by the whole address, as proxies are (RFC 9112, section 3.2.2). */
const pathOf = (target = ""): string => {
  const path = target.replace(/[?#].*/s, "").replace(/^https?:\/\/[^/]*/i, "");
  return path === "" ? "/" : path;
};

/** The same of a connection and of the encryption in it. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** Whoever connects gets the certificate that is there then. */
function secure(certFile: string, keyFile: string): Server {
  const file = (path: string) => readFile(`Sink prometheus: ${path}`, path);
  const files = new Fresh([certFile, keyFile], () => {
    const tls = { cert: file(certFile), key: file(keyFile) };
    withCertificate("prometheus", () => createSecureContext(tls));
    return tls;
  });
  let used = files.value;
  const server = createTls(used);
  // Before the server's own, which begins the handshake.
  server.prependListener("connection", () => {
    if (files.value === used) return;
    used = files.value;
    server.setSecureContext(used);
  });
  return server;
}

function listenError(where: string, error: NodeJS.ErrnoException): ScxError {
  const denied = error.code === "EACCES";
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: "the port is in use",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "there is no such host",
    EACCES: "that port is for privileged users",
  };
  return new ScxError(denied ? "ERR_SCX_PRIVILEGE" : "ERR_SCX_SINK_OPEN", {
    op: "listen",
    message: `Sink prometheus can't listen at ${where}: ${why[error.code ?? ""] ?? error.message}.`,
    remedy: denied
      ? "Take a port from 1024 on, or run as root."
      : "Take another address (--prometheus-listen, or listen in the options), or end who has it.",
    errno: error.errno === undefined ? undefined : Math.abs(error.errno),
    cause: error,
  });
}
