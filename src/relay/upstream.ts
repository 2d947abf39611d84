// SPDX-License-Identifier: MIT
import { logger } from "../diagnostics.js";
import { causeOf, ScxError } from "../error.js";
import { StatsClient } from "../protocol/client.js";
import { isLost } from "../protocol/client_error.js";
import type { StatsRequest } from "../protocol/request.js";

const log = logger("protocol");

/** errno of what is answered while the server is away. */
export const ENOTCONN = 107;

/** ms until a server that is away is looked for again. */
const retryMs = 200;

/** One session with a server that may come and go. It is looked for when something is to be asked, and not otherwise. */
export class Upstream {
  readonly #path: string;
  readonly #timeoutMs: number | undefined;
  #client: StatsClient | undefined;
  #connecting: Promise<StatsClient> | undefined;
  /** Why it is away, and when it may be looked for again. */
  #away: { error: ScxError; until: number } | undefined;
  #told = false;
  readonly #closed = new AbortController();

  constructor(path: string, timeoutMs: number | undefined) {
    this.#path = path;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks, and gives the reply line as it came.
   *
   * @throws ScxError ERR_SCX_CONNECT with errno 107 (ENOTCONN) while the server is away
   */
  async ask(request: StatsRequest): Promise<string> {
    try {
      return await this.#ask(request);
    } catch (error) {
      // It may have gone since it was last asked, and be there again.
      if (!hasGone(error)) throw this.#isAway(error);
    }
    try {
      return await this.#ask(request);
    } catch (error) {
      throw this.#isAway(error);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connecting?.catch(() => {});
    await this.#client?.close();
  }

  async #ask({ req, args }: StatsRequest): Promise<string> {
    const client = this.#client ?? (await this.#connect());
    try {
      return await client.requestLine(req, args);
    } catch (error) {
      if (this.#client === client) this.#client = undefined;
      await client.close();
      throw error;
    }
  }

  /** Whoever asks meanwhile waits for the same connection. */
  async #connect(): Promise<StatsClient> {
    if (this.#away && performance.now() < this.#away.until) throw this.#away.error;
    this.#connecting ??= StatsClient.connect(this.#path, {
      timeoutMs: this.#timeoutMs,
      signal: this.#closed.signal,
    }).finally(() => {
      this.#connecting = undefined;
    });
    this.#client = await this.#connecting;
    if (this.#told) log.info(`connected to ${this.#path} again`);
    this.#told = false;
    this.#away = undefined;
    return this.#client;
  }

  #isAway(error: unknown): ScxError {
    if (this.#away && error === this.#away.error) return this.#away.error;
    const why = causeOf(error);
    if (!this.#told && !this.#closed.signal.aborted) log.warn(`${why} It is looked for with each request.`);
    this.#told = true;
    const away = new ScxError("ERR_SCX_CONNECT", {
      op: "relay",
      message: `The scheduler behind this relay is away: ${why}`,
      remedy: "Ask again: it is looked for with each request.",
      errno: ENOTCONN,
      cause: error,
    });
    this.#away = { error: away, until: performance.now() + retryMs };
    return away;
  }
}

const hasGone = (error: unknown): boolean =>
  error instanceof ScxError && (isLost(error) || error.code === "ERR_SCX_CLOSED");
