// SPDX-License-Identifier: MIT
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ScxError } from "../error.js";
import { documentOf } from "./document.js";
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

/** Posts records to a web server, several in one request. */
class HttpSink implements Sink {
  readonly #options: HttpOptions;
  readonly #url: string;
  /** As messages show it. */
  readonly #name: string;
  readonly #headers: Headers;
  #given: readonly SinkRecord[] = [];

  constructor(options: HttpOptions) {
    this.#options = options;
    ({ url: this.#url, headers: this.#headers } = requestOf(options));
    this.#name = this.#url.replace(/[?#].*/, ""); // a key may stand there
  }

  async write(records: readonly SinkRecord[], signal: AbortSignal): Promise<void> {
    // The same for a retry, so that a server that has them already can tell.
    if (this.#given !== records) this.#headers.set("idempotency-key", randomUUID());
    this.#given = records;
    const documents = records.map(documentOf);
    const text = this.#options.format === "json" ? `[${documents.join(",")}]` : `${documents.join("\n")}\n`;
    const body = this.#options.gzip ? await compress(text) : text;
    const request = fetch(this.#url, {
      method: "POST",
      body,
      headers: this.#headers,
      redirect: "manual", // which would make a GET of it, or take the token to another server
      signal,
    });
    const response = await request.catch((error: Error) => {
      throw new Error(`${this.#name}: ${(error.cause as Error | undefined)?.message || error.message}`);
    });
    // Read, whatever it is, so that the connection can be used again.
    const answer = await response.text();
    if (response.ok) return;
    const to = response.headers.get("location");
    const said = to === null ? answer.slice(0, 200) || response.statusText : `go to ${to}`;
    const message = `${this.#name} answered ${response.status}: ${said}`;
    throw refusals.has(response.status) ? new SinkRefusal(message) : new Error(message);
  }
}

/** HTTP POST of JSON ({@link documentOf}), in batches, each at least once, with an `Idempotency-Key`. */
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
function requestOf({ url, headers, tokenFile, format, gzip }: HttpOptions): { url: string; headers: Headers } {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol !== "http:" && address?.protocol !== "https:")
    throw usage(
      `Sink http: "${withoutLogin(url)}" is no address that can be posted to.`,
      "Give a URL: http://127.0.0.1:8080/metrics.",
    );
  const { username, password } = address;
  [address.username, address.password] = ["", ""];
  const login = [username, password].map(decodeURIComponent).join(":");
  const all = {
    "content-type": format === "json" ? "application/json" : "application/x-ndjson",
    ...(gzip && { "content-encoding": "gzip" }),
    ...(username !== "" && { authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
    ...(tokenFile !== undefined && { authorization: `Bearer ${readSecret("http", tokenFile)}` }),
  };
  const request = new Headers();
  for (const [name, value] of [...Object.entries(all), ...Object.entries(headers)]) {
    try {
      request.set(name, value);
    } catch {
      // The cause would show the value, a token perhaps.
      throw usage(
        `Sink http: the header "${name}", or its value, is none of HTTP's.`,
        "Give headers as HTTP has them.",
      );
    }
  }
  return { url: address.href, headers: request };
}
