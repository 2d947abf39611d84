// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import http, {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import https from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { causeOf, ScxError } from "../error.js";
import { packageVersion } from "../package.js";
import { documentOf } from "./document.js";
import { Fresh } from "./fresh.js";
import { withHost } from "./host.js";
import { inTurns } from "./in_turns.js";
import { readSecret, withoutLogin } from "./secret.js";
import { type Sink, type SinkFactory, type SinkRecord, SinkRefusal } from "./sink.js";

const compress = promisify(gzip);

/** Options of the sink `http`. */
export interface HttpOptions {
  /** http or https; a user and password in it are sent as basic authentication. */
  url: string;
  /** A file with a token, sent as bearer authentication. */
  tokenFile?: string;
  /** Sent with each request: `Authorization`, for instance. */
  headers: Readonly<Record<string, string>>;
  /** `json`: an array of all records of a write. `jsonl`: a line for each. */
  format: "json" | "jsonl";
  gzip: boolean;
}

/** Statuses that say that this body will never be taken; whatever else is no success may be another time. */
const refusals = new Set([400, 406, 413, 415, 422]);

/** Characters of an answer that a message shows. */
const shown = 200;

/** What was answered. */
interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** Its beginning. */
  readonly text: string;
}

/**
 * Posts records to a web server, several in one request; by Node's own client, as `fetch` takes the thread that samples twice as
 * long, and for 50 ms when it is first used.
 */
class HttpSink implements Sink {
  readonly #options: HttpOptions;
  readonly #url: string;
  /** As messages show it. */
  readonly #name: string;
  readonly #made: Fresh<{ url: string; headers: OutgoingHttpHeaders }>;
  readonly #request: typeof http.request;
  readonly #agent: http.Agent;
  /** What is being sent: the same for a retry, so that it is made once, and a server that has it already can tell by its key. */
  #given: { readonly records: readonly SinkRecord[]; readonly body: Buffer; readonly key: string } | undefined;

  constructor(options: HttpOptions) {
    this.#options = options;
    const { tokenFile } = options;
    this.#made = new Fresh(tokenFile === undefined ? [] : [tokenFile], () => requestOf(options));
    this.#url = this.#made.value.url;
    this.#name = this.#url.replace(/[?#].*/, ""); // a key may stand there
    const client = this.#url.startsWith("https:") ? https : http;
    this.#request = client.request;
    this.#agent = new client.Agent({ keepAlive: true });
  }

  async write(records: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    if (this.#given?.records !== records)
      this.#given = { records, body: await this.#bodyOf(records), key: randomUUID() };
    const { statusCode, headers, text } = await this.#post(this.#given, signal).catch((error) => {
      throw new Error(`${this.#name}: ${messageOf(error)}`);
    });
    if (statusCode >= 200 && statusCode < 300) {
      this.#given = undefined;
      return;
    }
    // It isn't followed there: that would make a GET of it, or take the token to another server.
    const said = headers.location === undefined ? text : `go to ${headers.location}`;
    const message = `${this.#name} answered ${statusCode}: ${said}`;
    throw refusals.has(statusCode) ? new SinkRefusal(message) : new Error(message);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #bodyOf(records: readonly SinkRecord[]): Promise<Buffer> {
    const documents = await inTurns(records, (record) => documentOf(withHost(record)));
    const text = this.#options.format === "json" ? `[${documents.join(",")}]` : `${documents.join("\n")}\n`;
    return this.#options.gzip ? compress(text) : Buffer.from(text);
  }

  #post({ body, key }: { body: Buffer; key: string }, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.#made.value.headers, "idempotency-key": key, "content-length": body.length };
      const request = this.#request(this.#url, { method: "POST", agent: this.#agent, headers, signal });
      request.on("response", (response) => resolve(answerOf(response)));
      request.on("error", reject);
      request.end(body);
    });
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const { statusCode = 0, headers } = response;
  let text = "";
  // Read to its end, so that the connection can be used again.
  for await (const chunk of response.setEncoding("utf8")) if (text.length < shown) text += chunk;
  return { statusCode, headers, text: text.slice(0, shown) || (response.statusMessage ?? "") };
}

/** Where each of several addresses failed, the last one says why. */
const messageOf = (error: AggregateError): string => causeOf(error.errors?.at(-1) ?? error);

/** HTTP POST of JSON ({@link documentOf}, with the host among the labels), in batches, each at least once, with an `Idempotency-Key`. */
export const sink: SinkFactory<HttpOptions> = {
  options: {
    required: ["url"],
    properties: {
      url: { type: "string", description: "http:// or https://" },
      tokenFile: { type: "string", description: "a file with a token for bearer authentication" },
      headers: {
        type: "object",
        additionalProperties: { type: "string" },
        default: {},
        description: "sent with each request",
      },
      format: { enum: ["json", "jsonl"], default: "json", description: "an array of records, or a line for each" },
      gzip: { type: "boolean", default: false, description: "compress what is sent" },
    },
  },
  address: "url",
  create: (options) => new HttpSink(options),
};

const usage = (message: string, remedy: string) => new ScxError("ERR_SCX_USAGE", { op: "sink", message, remedy });

/** The address without what is secret in it, and the headers of each request. @throws ScxError ERR_SCX_USAGE and those of the token's file */
function requestOf({ url, headers, tokenFile, format, gzip }: HttpOptions): {
  url: string;
  headers: OutgoingHttpHeaders;
} {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== "http:" && address?.protocol !== "https:")
    throw usage(
      `Sink http: "${withoutLogin(url)}" is no address that can be posted to.`,
      "Give a URL: http://127.0.0.1:8080/metrics.",
    );
  const { username, password } = address;
  [address.username, address.password] = ["", ""];
  const login = [username, password].map(decoded).join(":");
  const request: OutgoingHttpHeaders = {
    "user-agent": `scxkit/${packageVersion}`,
    "content-type": format === "json" ? "application/json" : "application/x-ndjson",
    ...(gzip && { "content-encoding": "gzip" }),
    ...(username !== "" && { authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
    ...(tokenFile !== undefined && { authorization: `Bearer ${readSecret("http", tokenFile)}` }),
  };
  for (const [name, value] of Object.entries({ ...request, ...headers })) {
    const text = String(value).trim();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, text);
    } catch {
      // The cause would show the value, a token perhaps.
      throw usage(
        `Sink http: the header "${name}", or its value, is none of HTTP's.`,
        "Give headers as HTTP has them.",
      );
    }
    request[name.toLowerCase()] = text;
  }
  return { url: address.href, headers: request };
}

/** What a URL's escapes stand for; a text with none that are right stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
